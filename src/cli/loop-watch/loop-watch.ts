import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { threadEntry } from '../../process/entry.ts';
import { longStatements } from '../../store/long-statement.ts';
import type { Watched } from './thread.ts';
import { type TurnLimits, turnLimits } from './turns.ts';

export type WatchedProcess = 'gateway' | 'runner';

/** Where `andon doctor` finds the long turns of a process of this machine. */
export const turnFileOf = (stateFolder: string, process: WatchedProcess): string =>
  join(stateFolder, `long-turns-${process}.jsonl`);

export interface LoopWatchOptions {
  /** Named in the log and by `andon doctor`. */
  readonly process: WatchedProcess;
  /** Where long turns are written down, for `andon doctor`. */
  readonly file: string;
  /** Processor time of one turn; 10 s are told, 60 s end the process. */
  readonly limits?: TurnLimits;
}

const beatMs = 1_000;

/**
 * Watches the loop of this process from a thread: a turn that uses much processor time is logged, one that does not end
 * ends the process, and whoever keeps it starts it again. It keeps no process alive.
 */
export function watchLoop({ process, file, limits = turnLimits }: LoopWatchOptions): void {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const watched: Watched = { process, file, limits, lookMs: beatMs, beats, marked: longStatements };
  setInterval(() => Atomics.add(beats, 0, 1), beatMs).unref();
  const thread = new Worker(threadEntry(import.meta.url, 'thread'), { execArgv: [], workerData: watched });
  thread.unref();
  // Without a watch everything works as it did before there was one.
  thread.on('error', () => undefined);
}
