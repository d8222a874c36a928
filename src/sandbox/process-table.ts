import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isOwnUser } from './own-user.ts';

/** A process of this machine, as the kernel lists it. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  /** Start of the process, in ticks since the start of the machine: together with the id it names one process. */
  readonly begun: string;
  /** Memory of the process alone or shared with the process that it was forked from; no files. */
  readonly ownBytes: number;
}

const pageBytes = 4096;
const sharedForMs = 900;
let last: { readonly atMs: number; readonly rows: readonly ProcessRow[] } | undefined;

/**
 * All processes that may belong to gates and runs: under root those of separate users, else those of this
 * user. Callers within a second share one answer, for many runs ask. Threads and ended processes do not
 * count.
 */
export function processTable(): readonly ProcessRow[] {
  const nowMs = performance.now();
  if (last === undefined || nowMs - last.atMs > sharedForMs) last = { atMs: nowMs, rows: readTable() };
  return last.rows;
}

// One synchronous pass, without a promise for each file: the user alone rules most processes out, which costs
// microseconds.
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
    // The process ended meanwhile.
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

/**
 * The fields of the kernel's row behind the program name, which may hold any character and ends with the last
 * bracket.
 */
const afterName = (text: string): string => text.slice(text.lastIndexOf(')') + 2);

/**
 * Memory of a process when pages shared by several count once: zero for a process that has ended since,
 * because its row counts memory that is free again; undefined when this user may not ask.
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

/** The running processes of a user, and ended ones whose parent has not asked for their exit code. */
export async function processesOf({ uid }: { readonly uid: number }): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const uids = await Promise.all(pids.map((pid) => stat(`/proc/${pid}`).catch(() => undefined)));
  return pids.filter((_, at) => uids[at]?.uid === uid);
}

/**
 * Waits until all of the processes have ended, at most `withinMs`, without regard to parents that have not
 * asked for their exit codes.
 */
export async function untilGone(pids: readonly number[], withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  const isThere = async (pid: number): Promise<boolean> =>
    /^[^ZX]/.test(afterName(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')));
  for (const pid of pids) while (performance.now() < endMs && (await isThere(pid))) await delay(5);
}
