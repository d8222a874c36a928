import { setTimeout as delay } from 'node:timers/promises';

/** Sends a signal to a process. One that has ended meanwhile is what was asked for. */
export function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone.
  }
}

/** Sends a signal to everything in the process group that a process leads; to nothing where it was never started. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid !== undefined) killOne(-pid, signal);
}

/** Something that runs, and how it is ended. */
export interface Terminable {
  /** Asks all of it to end. */
  readonly ask: () => unknown;
  /** Ends all of it, unasked. */
  readonly kill: () => unknown;
  /** Settles when it has ended. */
  readonly ended: Promise<unknown>;
}

/**
 * Ends what runs: it is asked and has `graceMs` to follow (0: it is not asked), then all that is left of it is killed.
 * Settles when `kill` has.
 */
export async function terminate({ ask, kill, ended }: Terminable, graceMs: number): Promise<void> {
  if (graceMs > 0) {
    await ask();
    const over = new AbortController();
    // The pause that is cut short rejects; the race has been won by then.
    await Promise.race([ended, delay(graceMs, undefined, { signal: over.signal })]);
    over.abort();
  }
  await kill();
}
