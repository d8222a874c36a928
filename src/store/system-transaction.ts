import type { EventDraft } from './log/events.ts';
import type { Tx } from './store.ts';

/** What a transaction of the line leaves: a result, and the events that are appended with it. */
export interface SystemWork<T> {
  readonly result: T;
  readonly events: readonly EventDraft[];
}

/** Runs `work` under the project's lock, taken alone, and appends its events in the same transaction. */
export type SystemTransaction = <T>(
  project: string,
  work: (tx: Tx, entered: SystemEntered) => Promise<SystemWork<T>>,
) => Promise<T>;

/** What the transaction found under the project's lock. */
export interface SystemEntered {
  readonly now: Date;
  readonly epoch: number | null;
  readonly planHash: string | null;
}
