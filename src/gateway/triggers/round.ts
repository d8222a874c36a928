import { type Store, statement } from '../../store/store.ts';
import { tickEvents } from '../../triggers/tail.ts';
import { tellDigests, tickTimes } from '../../triggers/tick.ts';

const waiting = statement(
  'triggers.anyDue',
  // By the least of them, which the index of what is armed begins with: asked whether any is due, PostgreSQL reads them all.
  `select (select min(next_at) from triggers where state = 'active' and next_at is not null) <= (select andon_now()) as times,
     exists (select from triggers where hour_held > 0 and hour_at <= (select andon_now()) - interval '1 hour') as digests,
     exists (select from trigger_tail t where t.position < (select max(e.position) from events e)) as events`,
);

/**
 * One look at all triggers: puts what is due among the slots to be fired. Nearly always there is nothing to do, and one
 * statement without a lock tells so; what it sees is looked at again under the locks, and what it misses the next time.
 */
export async function lookRound(store: Store, failed: (error: unknown, name: string) => void): Promise<void> {
  const [found] = await store.rows<{ times: boolean | null; digests: boolean; events: boolean }>(waiting);
  if (found?.times === true) await tickTimes(store, failed);
  if (found?.digests === true) await tellDigests(store);
  if (found?.events === true) await tickEvents(store);
}
