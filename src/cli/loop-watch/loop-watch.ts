import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { threadEntry } from '../../process/entry.ts';
import { longStatements } from '../../store/long-statement.ts';
import type { Watched } from './thread.ts';
import { type TurnLimits, turnLimits } from './turns.ts';

/** Process whose event loop is watched. */
export type WatchedProcess = 'gateway' | 'runner';

/** The file in which `andon doctor` finds the long turns of a process of this machine. */
export const turnFileOf = (stateFolder: string, process: WatchedProcess): string =>
  join(stateFolder, `long-turns-${process}.jsonl`);

/** A process to watch, with its limits. */
export interface LoopWatchOptions {
  /** Name of the process in the log and in `andon doctor`. */
  readonly process: WatchedProcess;
  /** File for long turns, which `andon doctor` reads. */
  readonly file: string;
  /** Limits on the processor time of one turn; by default 10 s are reported, 60 s end the process. */
  readonly limits?: TurnLimits;
}

const beatMs = 1_000;

/**
 * Watches the event loop of this process from a thread: a turn that uses much processor time is logged; a
 * turn that does not end ends the process, and its keeper starts it again. The watch keeps no process alive.
 */
export function watchLoop({ process, file, limits = turnLimits }: LoopWatchOptions): void {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const watched: Watched = { process, file, limits, lookMs: beatMs, beats, marked: longStatements };
  setInterval(() => Atomics.add(beats, 0, 1), beatMs).unref();
  const thread = new Worker(threadEntry('cli/loop-watch/thread'), { execArgv: [], workerData: watched });
  thread.unref();
  // A watch that fails leaves the process as it is without one.
  thread.on('error', () => undefined);
}
