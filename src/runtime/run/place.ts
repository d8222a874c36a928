import { constants, rmSync } from 'node:fs';
import { chmod, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../lib/limits.ts';
import type { VerdictText } from './ports.ts';

/** The folders and files of one run. Everything of it lies in `folder`. */
export interface RunPlace {
  readonly folder: string;
  /** Its own clone. */
  readonly tree: string;
  readonly home: string;
  readonly tmp: string;
  /** Programs that are put before the PATH: `andon`. */
  readonly bin: string;
  readonly taskFile: string;
  readonly verdictFile: string;
  readonly inboxFile: string;
  readonly tokenFile: string;
}

/** Where a run of that id lies below `runs`. */
export function placeOf(runs: string, id: string): RunPlace {
  const folder = join(runs, id);
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    tree: at('tree'),
    home: at('home'),
    tmp: at('tmp'),
    bin: at('bin'),
    taskFile: at('task.json'),
    verdictFile: at('verdict.json'),
    inboxFile: at('inbox.jsonl'),
    tokenFile: at('token'),
  };
}

/** Makes the folders of a run and the `andon` of its PATH. `launch` is how the program is started. */
export async function makePlace(place: RunPlace, launch: readonly string[]): Promise<void> {
  await rm(place.folder, { recursive: true, force: true });
  for (const folder of [place.folder, place.home, place.tmp, place.bin])
    await mkdir(folder, { recursive: true, mode: 0o755 });
  const words = launch.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const shim = join(place.bin, 'andon');
  await writeFile(shim, `#!/bin/sh\nexec ${words} "$@"\n`);
  await chmod(shim, 0o755);
  await writeFile(place.inboxFile, '');
}

/** Removes everything of a run. */
export const removePlace = (place: RunPlace): void =>
  rmSync(place.folder, { recursive: true, force: true, maxRetries: 3 });

const { verdictBytesMax } = limits;

/**
 * The text of the verdict, if there is one: a plain file at its place, not a link to somewhere else, of a size that a
 * verdict has. Reads no more than that, whatever lies there.
 */
export async function readVerdictText(file: string): Promise<VerdictText> {
  // Not to follow a link, and not to hang on a pipe that nobody writes to.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, flags);
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'not_a_file' };
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.nlink > 1) return { problem: 'not_a_file' };
    if (stat.size > verdictBytesMax) return { problem: 'too_large' };
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(verdictBytesMax + 1),
      0,
      verdictBytesMax + 1,
      0,
    );
    if (bytesRead > verdictBytesMax) return { problem: 'too_large' };
    return bytesRead === 0 ? { problem: 'missing' } : { text: buffer.toString('utf8', 0, bytesRead) };
  } finally {
    await handle.close();
  }
}
