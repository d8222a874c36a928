import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Variable that names the folder which outlives a run of the tests; the run itself has a temporary folder. */
export const keptVariable = 'ANDON_TEST_KEPT';
const outer = (): string => process.env[keptVariable] ?? tmpdir();

const dayMs = 24 * 60 * 60 * 1000;

/** A folder that is made once and kept for later runs; its name tells its origin. */
export interface Kept {
  readonly folder: string;
  readonly isThere: boolean;
  /** A path at which to make the folder. */
  aside(): string;
  /** Moves the folder made aside to its place, unless another process was faster. */
  keep(aside: string): void;
}

/** The kept folder of that name. Making it removes folders with this prefix that are more than a day old. */
export function kept(prefix: string, name: string): Kept {
  const folder = join(outer(), `${prefix}${name}`);
  return {
    folder,
    isThere: existsSync(folder),
    aside: () => {
      removeOld(prefix);
      const aside = mkdtempSync(join(outer(), 'andon-making-'));
      // Agents of tests run as another user.
      chmodSync(aside, 0o755);
      return aside;
    },
    keep: (aside) => {
      try {
        renameSync(aside, folder);
      } catch {
        rmSync(aside, { recursive: true, force: true });
      }
    },
  };
}

function removeOld(prefix: string): void {
  for (const name of readdirSync(outer()).filter((one) => one.startsWith(prefix))) {
    const folder = join(outer(), name);
    const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Number.POSITIVE_INFINITY };
    if (Date.now() - mtimeMs > dayMs) rmSync(folder, { recursive: true, force: true });
  }
}
