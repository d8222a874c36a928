import { setTimeout as delay } from 'node:timers/promises';

/** Sends a signal to a process. A process that has ended meanwhile is no error: its end was wanted. */
export function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process is gone already.
  }
}

/**
 * Sends a signal to every process in the group that a process leads; does nothing for an undefined id, as of
 * a process that never started.
 */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid !== undefined) killOne(-pid, signal);
}

/** A running thing, and the ways to end it. */
export interface Terminable {
  /** Asks all of it to end. */
  readonly ask: () => unknown;
  /** Ends all of it, unasked. */
  readonly kill: () => unknown;
  /** Settles when it has ended. */
  readonly ended: Promise<unknown>;
}

/**
 * Ends a running thing: asks it first and waits `graceMs` (0 skips the asking), then kills everything that is
 * left. Settles when `kill` has.
 */
export async function terminate({ ask, kill, ended }: Terminable, graceMs: number): Promise<void> {
  if (graceMs > 0) {
    await ask();
    const over = new AbortController();
    // Cutting the pause short rejects its promise; the race has been won by then.
    await Promise.race([ended, delay(graceMs, undefined, { signal: over.signal })]);
    over.abort();
  }
  await kill();
}
