import { readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';

/** Ages beyond which files of a dead process are removed. */
export interface SweepOptions {
  readonly nowMs: number;
  /**
   * Age in milliseconds when the kernel can tell the users of the repository: the owner of a younger file may
   * be starting.
   */
  readonly idleMs?: number;
  /**
   * Age in milliseconds when it cannot (no /proc, or another machine's files): longer than any git call that
   * Andon allows.
   */
  readonly blindMs?: number;
}

/** The paths that a sweep removed and left. */
export interface Sweep {
  readonly removed: readonly string[];
  /** Left alone, because a process that may own them is alive or they are too young. */
  readonly kept: readonly string[];
}

const waits = { idleMs: 2_000, blindMs: 15 * 60_000 };

/**
 * Removes the leftovers of a killed git: `*.lock` files and quarantines of pushes. One stale lock blocks
 * every later landing. A file goes when it is older than `idleMs` and no live process but readers
 * (`git cat-file`) works in the repository; without /proc, when it is older than `blindMs`.
 */
export async function sweepLocks(gitDir: string, options: SweepOptions): Promise<Sweep> {
  const leftovers = await findLeftovers(gitDir);
  if (leftovers.length === 0) return { removed: [], kept: [] };
  const users = await usersOf(gitDir);
  const inUse = users !== undefined && users.length > 0;
  const { idleMs, blindMs } = { ...waits, ...options };
  const ageMs = users === undefined ? blindMs : idleMs;
  const removed: string[] = [];
  const kept: string[] = [];
  for (const path of leftovers) {
    // A lock that went away by itself counts as the youngest.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: options.nowMs }));
    const stale = !inUse && options.nowMs - mtimeMs >= ageMs;
    if (stale) await rm(path, { recursive: true, force: true });
    (stale ? removed : kept).push(path);
  }
  return { removed, kept };
}

/**
 * True for a folder of loose objects: such folders hold no locks, and there may be many objects. A ref may
 * have the same name.
 */
const isFanOut = (folder: string, name: string): boolean =>
  basename(folder) === 'objects' && /^[0-9a-f]{2}$/.test(name);

/** Every lock and quarantine in a repository. */
export async function findLeftovers(gitDir: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const wanted = entry.isDirectory() ? /^tmp_objdir-/ : /\.lock$/;
      if (wanted.test(entry.name)) found.push(path);
      else if (entry.isDirectory() && !isFanOut(folder, entry.name)) await walk(path);
    }
  };
  await walk(gitDir);
  return found.sort();
}

/** Ids of live processes that work in the repository; undefined on a system whose kernel does not tell. */
export async function usersOf(gitDir: string): Promise<number[] | undefined> {
  const root = await realpath(gitDir);
  const inside = (path: string): boolean => path === root || path.startsWith(root + sep);
  const names = await readdir('/proc').catch(() => undefined);
  if (names === undefined) return undefined;
  const users: number[] = [];
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (!inside(folder)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!command.split('\0').includes('cat-file')) users.push(Number(pid));
  }
  return users;
}
