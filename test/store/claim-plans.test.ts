import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/store/store.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const tasksOfPlan = 3000;
const claims = 200;
const plan = `${planHead({ done: 'artefact' })}
lease: 1h
limits: { wip: 10000 }
tasks:
${Array.from({ length: tasksOfPlan }, (_, n) => `  t${n}: { title: T, phase: build }`).join('\n')}
`;

interface Scans {
  readonly tasks: number;
  readonly events: number;
  /** Rows that the scans of indexes of `tasks` have read. */
  readonly read: number;
  /** Updates of `tasks`. */
  readonly updates: number;
}

describe.each(['just applied', 'never analysed'])('claims in a plan of 3,000 tasks that was %s', (state) => {
  let line: Line;
  let hand: Hand;
  const rows = <R>(text: string): Promise<R[]> => line.app.gateway.store.rows<R>(statement('', text));
  beforeAll(async () => {
    line = await openLine('postgres', { plan });
    hand = await line.mint('agent:a');
    // The gateway gathers statistics a moment after the plan was applied: the server's own interval leaves
    // this time empty.
    await waitUntil(async () => (await analysed()).length === 3, 10_000);
    if (state === 'never analysed') await forget();
  });
  afterAll(() => line.close());

  const analysed = (): Promise<unknown[]> =>
    rows(
      `select relname from pg_stat_user_tables where relname in ('tasks', 'task_needs', 'task_conflicts') and last_analyze is not null`,
    );
  /** Resets the statistics to the state before any were gathered. */
  const forget = async (): Promise<void> => {
    await rows(`delete from pg_statistic where starelid = 'tasks'::regclass`);
    await rows(`update pg_class set reltuples = -1, relpages = 0 where oid = 'tasks'::regclass`);
  };
  const told = async (): Promise<Scans> => {
    const [row] = await rows<Scans>(
      `with told as (select pg_stat_force_next_flush(), pg_stat_clear_snapshot())
       select (select seq_scan from pg_stat_user_tables where relname = 'tasks')::int as tasks,
         (select seq_scan from pg_stat_user_tables where relname = 'events')::int as events,
         (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'tasks')::int as read,
         (select n_tup_upd from pg_stat_user_tables where relname = 'tasks')::int as updates from told`,
    );
    if (row === undefined) throw new Error('no statistics');
    return row;
  };
  /** A backend tells its numbers when it has been idle for a second: waits until all updates were told. */
  const scans = async (updates: number): Promise<Scans> => {
    await waitUntil(async () => (await told()).updates >= updates, 30_000);
    return told();
  };

  it('read what is urgent by the index: neither tasks nor events are scanned', async () => {
    const claim = async (n: number): Promise<void> => {
      const { task } = await hand.client.task.claim.mutate({ project: 'shop' });
      expect(task, `claim ${n}`).not.toBeNull();
    };
    for (let n = 0; n < 20; n++) await claim(n);
    const before = await scans(tasksOfPlan + 20);
    for (let n = 20; n < claims; n++) await claim(n);
    const after = await scans(before.updates + claims - 20);
    console.log(`${claims} claims of ${tasksOfPlan}: ${JSON.stringify({ before, after })}`);
    // Housekeeping may look once or twice; a plan that scans would look hundreds of times.
    expect(after.tasks - before.tasks).toBeLessThan(20);
    expect(after.events - before.events).toBeLessThan(20);
    // Tasks in progress are counted, 100 on average; a plan that walks everything reads ten times that.
    // PostgreSQL does so until the table was analysed.
    if (state === 'just applied')
      expect((after.read - before.read) / (claims - 20)).toBeLessThan(tasksOfPlan / 4);
  });
});
