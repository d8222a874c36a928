import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isOwnUser } from './own-user.ts';

/** A process of this machine, as the kernel lists it. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  /** When it began, in ticks since the machine did: with the id it names one process. */
  readonly begun: string;
  /** Memory that is its alone or shared with what it was forked from; no files. */
  readonly ownBytes: number;
}

const pageBytes = 4096;
const sharedForMs = 900;
let last: { readonly atMs: number; readonly rows: readonly ProcessRow[] } | undefined;

/**
 * All processes that gates and runs may have: as root those of users of their own, else those of this user. Whoever asks
 * within a second gets the same answer, for many runs ask. Threads do not count, nor does what has ended.
 */
export function processTable(): readonly ProcessRow[] {
  const nowMs = performance.now();
  if (last === undefined || nowMs - last.atMs > sharedForMs) last = { atMs: nowMs, rows: readTable() };
  return last.rows;
}

// At once and not one promise for each file: most processes are told apart by their user, which costs microseconds.
const readTable = (): readonly ProcessRow[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readRow(pid) ?? []);

const here = process.getuid?.() ?? 0;
const isOfRuns = (uid: number): boolean => (here === 0 ? isOwnUser(uid) : uid === here);

function readRow(pid: string): ProcessRow | undefined {
  try {
    const uid = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    return uid !== undefined && isOfRuns(uid) ? rowOf(pid, uid) : undefined;
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

function rowOf(pid: string, uid: number): ProcessRow | undefined {
  const [state = 'X', parent, ...rest] = afterName(readFileSync(`/proc/${pid}/stat`, 'latin1')).split(' ');
  if (/[ZX]/.test(state)) return undefined;
  const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number);
  const ownBytes = Math.max(0, resident - shared) * pageBytes;
  return { pid: Number(pid), parent: Number(parent), uid, begun: rest[17] ?? '', ownBytes };
}

/** What the kernel says behind the name of the program, which may hold anything and ends with the last bracket. */
const afterName = (text: string): string => text.slice(text.lastIndexOf(')') + 2);

/**
 * What a process holds of memory when pages that several share count once: zero when it has ended since, for then its row says
 * what nobody holds any more; undefined where nobody may ask.
 */
export async function shareBytes(pid: number): Promise<number | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1');
    const [, kilobytes] = /^Pss_Anon:\s+(\d+) kB/m.exec(text) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch (error) {
    return hasEnded(error) ? 0 : undefined;
  }
}

const hasEnded = (error: unknown): boolean =>
  ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The processes that a user has now, those included that have ended and that nobody has asked for. */
export async function processesOf({ uid }: { readonly uid: number }): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const uids = await Promise.all(pids.map((pid) => stat(`/proc/${pid}`).catch(() => undefined)));
  return pids.filter((_, at) => uids[at]?.uid === uid);
}

/** Waits until all of the processes have ended, read by their parents or not, at most `withinMs`. */
export async function untilGone(pids: readonly number[], withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  const isThere = async (pid: number): Promise<boolean> =>
    /^[^ZX]/.test(afterName(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')));
  for (const pid of pids) while (performance.now() < endMs && (await isThere(pid))) await delay(5);
}
