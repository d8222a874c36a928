import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

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
const sharedForMs = 500;
let last: { readonly atMs: number; readonly rows: Promise<readonly ProcessRow[]> } | undefined;

/** All processes; whoever asks within half a second gets the same answer. Threads do not count, nor does what has ended. */
export function processTable(): Promise<readonly ProcessRow[]> {
  const nowMs = performance.now();
  if (last === undefined || nowMs - last.atMs > sharedForMs) last = { atMs: nowMs, rows: readTable() };
  return last.rows;
}

async function readTable(): Promise<readonly ProcessRow[]> {
  const names = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const rows: ProcessRow[] = [];
  const most = 200;
  for (let at = 0; at < names.length; at += most) {
    const found = await Promise.all(names.slice(at, at + most).map(readRow));
    rows.push(...found.flatMap((row) => row ?? []));
  }
  return rows;
}

async function readRow(pid: string): Promise<ProcessRow | undefined> {
  try {
    const folder = `/proc/${pid}`;
    const [text, memory, { uid }] = await Promise.all([
      readFile(`${folder}/stat`, 'latin1'),
      readFile(`${folder}/statm`, 'latin1'),
      stat(folder),
    ]);
    const [state, parent, ...rest] = afterName(text).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const [, resident = 0, shared = 0] = memory.split(' ').map(Number);
    const ownBytes = Math.max(0, resident - shared) * pageBytes;
    return { pid: Number(pid), parent: Number(parent), uid, begun: rest[17] ?? '', ownBytes };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

/** What the kernel says behind the name of the program, which may hold anything and ends with the last bracket. */
const afterName = (text: string): string => text.slice(text.lastIndexOf(')') + 2);

/** What a process holds of memory when pages that several share count once; undefined where nobody may ask. */
export async function shareBytes(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  const [, kilobytes] = /^Pss_Anon:\s+(\d+) kB/m.exec(text) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

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
