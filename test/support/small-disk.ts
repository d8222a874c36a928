import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A separate file system that can be filled to its last byte. */
export interface SmallDisk {
  readonly folder: string;
  /** Fills it but for so many bytes; called again with fewer, the rest. */
  fill(leave?: number): void;
  free(): void;
  close(): void;
}

/** The reason why no file system can be mounted here; undefined when one can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  try {
    openSmallDisk(1).close();
    return undefined;
  } catch (error) {
    return `the kernel refuses: ${error instanceof Error ? error.message.split('\n').join(' ') : error}`;
  }
}

export function openSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'andon-disk-'));
  const quiet = { stdio: ['ignore', 'ignore', 'pipe'] as ('ignore' | 'pipe')[] };
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder], quiet);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: (leave = 0) => {
      writeUntilFull(ballast);
      if (leave > 0) truncateSync(ballast, statSync(ballast).size - leave);
    },
    free: () => rmSync(ballast),
    close: () => {
      // A killed process may still hold a file there.
      execFileSync('umount', ['--lazy', folder], quiet);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Large pieces first, then what fits into the rest. */
function writeUntilFull(path: string): void {
  const file = openSync(path, 'a');
  for (const size of [1024 * 1024, 4096, 1]) {
    const piece = Buffer.alloc(size, 'x');
    try {
      while (writeSync(file, piece) === size);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(file);
}
