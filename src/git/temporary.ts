import { createHash } from 'node:crypto';
import { mkdtempSync, readlinkSync, type Stats } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Kind of a temporary folder of Andon in the system's temporary folder. */
export type TemporaryKind = 'gate' | 'checkout' | 'git';

const named = /^andon-(?:gate|checkout|git)-(\d+)-([0-9a-f]{8})-/;

/**
 * Makes a temporary folder for its owner only. Its name tells the process that made it, so that the next
 * gateway can remove the folders of a killed one.
 */
export const temporaryFolder = (kind: TemporaryKind, base: string = tmpdir()): string =>
  mkdtempSync(join(base, `andon-${kind}-${process.pid}-${spaceOfIds()}-`));

/** Removes one such folder; false means that a part of it is left. Never rejects. */
export type Remover = (folder: string) => Promise<boolean>;

const plainly: Remover = (folder) =>
  rm(folder, { recursive: true, force: true }).then(
    () => true,
    () => false,
  );

/**
 * Removes the folders of this user in `bases` whose process has ended, or in which a file `mark` says that an
 * earlier removal failed. Answers the names of the removed folders, and the paths of the remaining ones.
 */
export async function sweepTemporary(
  remove: Remover = plainly,
  bases: readonly string[] = [tmpdir()],
  mark?: string,
): Promise<{ removed: string[]; left: string[] }> {
  const removed: string[] = [];
  const left: string[] = [];
  for (const folder of await leftTemporary(bases, mark))
    if (await remove(folder)) removed.push(basename(folder));
    else left.push(folder);
  return { removed, left };
}

/** The folders that such a sweep would remove. */
export async function leftTemporary(bases: readonly string[], mark?: string): Promise<string[]> {
  const found: string[] = [];
  for (const base of new Set(bases))
    for (const name of await readdir(base).catch(() => []))
      if (await isLeft(base, name, mark)) found.push(join(base, name));
  return found;
}

async function isLeft(base: string, name: string, mark: string | undefined): Promise<boolean> {
  const [, pid, space] = named.exec(name) ?? [];
  if (pid === undefined || space !== spaceOfIds()) return false;
  const folder = join(base, name);
  // In a folder where everybody may write, a name proves nothing.
  if (!isOurs(await whatIs(folder))) return false;
  return !isAlive(Number(pid)) || (mark !== undefined && (await whatIs(join(folder, mark))) !== undefined);
}

const isOurs = (found: Stats | undefined): boolean =>
  found?.isDirectory() === true && found.uid === process.getuid?.();

const whatIs = (path: string) => lstat(path).catch(() => undefined);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** The scope in which a process id names one process: the machine and, on Linux, its namespace of ids. */
const spaceOfIds = (): string =>
  createHash('sha256').update(`${hostname()} ${namespaceOfIds()}`).digest('hex').slice(0, 8);

function namespaceOfIds(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
