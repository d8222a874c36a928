import { type Store, statement } from '../../store/store.ts';
import { tickEvents } from '../../triggers/tail.ts';
import { tellDigests, tickTimes } from '../../triggers/tick.ts';

const waiting = statement(
  'triggers.anyDue',
  // Compares the minimum, with which the index of armed triggers begins: asked if any trigger is due,
  // PostgreSQL would read them all.
  `select (select min(next_at) from triggers where state = 'active' and next_at is not null) <= (select andon_now()) as times,
     exists (select from triggers where hour_held > 0 and hour_at <= (select andon_now()) - interval '1 hour') as digests,
     exists (select from trigger_tail t where t.position < (select max(e.position) from events e)) as events`,
);

/**
 * Looks once at all triggers: puts due slots into the queue. Nearly always nothing is due, which one
 * statement without a lock tells; due triggers are read again under the locks, and the next look finds those
 * that this one missed.
 */
export async function lookRound(store: Store, failed: (error: unknown, name: string) => void): Promise<void> {
  const [found] = await store.rows<{ times: boolean | null; digests: boolean; events: boolean }>(waiting);
  if (found?.times === true) await tickTimes(store, failed);
  if (found?.digests === true) await tellDigests(store);
  if (found?.events === true) await tickEvents(store);
}
