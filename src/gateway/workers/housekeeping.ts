import { type ScheduledTask, schedule } from 'node-cron';
import type { Logger } from 'pino';
import { type Store, statement } from '../../store/store.ts';

/**
 * The services that housekeeping calls. Each chore may run on every gateway at once: rows are locked, not
 * schedules.
 */
export interface HousekeepingOptions {
  readonly store: Store;
  readonly workers: { tick(): Promise<void>; tidy(): Promise<void>; maintain(): Promise<void> };
  readonly clock: { set(now: Date, askedAt: number): void };
  readonly owner: { refresh(): Promise<void> };
  readonly triggers: { tick(): Promise<void>; tidy(): Promise<void> };
  /** Removes stale locks; returns the number of locks too young to be sure. */
  readonly sweep: () => Promise<number>;
  readonly log: Logger;
}

/** Running housekeeping; `close` ends it. */
export interface Housekeeping {
  close(): Promise<void>;
}

const readClock = statement('clock.now', 'select andon_now() as now');

/**
 * Runs the chores of a gateway by the clock: every second leases and landings, every minute the rest, every
 * hour the owner's token. Stale locks are swept with the rest, and every second while one is left that was
 * too young. A chore that is still running is not started again. The first round runs before this function
 * returns.
 */
export async function startHousekeeping(options: HousekeepingOptions): Promise<Housekeeping> {
  const { store, workers, clock, owner, triggers, sweep, log } = options;
  let locksLeft = await sweep();
  const tick = async (): Promise<void> => {
    const askedAt = performance.now();
    const [row] = await store.rows<{ now: Date }>(readClock);
    if (row !== undefined) clock.set(row.now, askedAt);
    if (locksLeft > 0) locksLeft = await sweep();
    await workers.tick();
  };
  await workers.tidy();
  await tick();
  await triggers.tick();
  const running = new Set<Promise<void>>();
  const chore = (name: string, expression: string, work: () => Promise<void>): ScheduledTask =>
    schedule(
      expression,
      async () => {
        const run = work().catch((error: unknown) => log.warn({ err: error, chore: name }, 'housekeeping'));
        running.add(run);
        await run;
        running.delete(run);
      },
      // A late or long round needs no warning: the next one does the same.
      { name, noOverlap: true, suppressMissedWarning: true, logger: quiet(log) },
    );
  const chores = [
    chore('tick', '* * * * * *', tick),
    // Separate from the rest: a long landing must not hold up the triggers.
    chore('triggers', '* * * * * *', () => triggers.tick()),
    chore('tidy', '0 * * * * *', async () => {
      locksLeft = await sweep();
      await workers.tidy();
    }),
    chore('owner', '0 0 * * * *', () => owner.refresh()),
    chore('maintain', '0 17 * * * *', async () => {
      await triggers.tidy();
      await workers.maintain();
    }),
  ];
  return {
    close: async () => {
      for (const one of chores) await one.destroy();
      await Promise.allSettled(running);
    },
  };
}

/** Messages of the scheduler go to the gateway's own log, as details. */
const quiet = (log: Logger) => ({
  info: (message: string) => log.debug(message),
  warn: (message: string) => log.debug(message),
  error: (message: string | Error, error?: Error) => log.warn({ err: error ?? message }, 'scheduler'),
  debug: () => {},
});
