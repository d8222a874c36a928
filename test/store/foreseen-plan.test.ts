import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/store/store.ts';
import { type Foreseer, openForeseer, type Shop } from '../support/foreseer.ts';
import { waitUntil } from '../support/wait.ts';

const tasksOfPlan = 3000;
const claims = 500;
/** Updates of setting up: the plan makes each task ready, and each gets the class. */
const set = tasksOfPlan * 2;

interface Scans {
  readonly tasks: number;
  readonly events: number;
  readonly requests: number;
  /** Rows that the scans of indexes of `tasks` have read. */
  readonly read: number;
  /** Updates of `tasks`. */
  readonly updates: number;
}

describe.each(['never analysed', 'analysed'])(
  'the plans of foreseen calls, on a fresh PostgreSQL that was %s',
  (analysed) => {
    let foreseer: Foreseer;
    let shop: Shop;
    beforeAll(async () => {
      foreseer = await openForeseer('postgres');
      shop = await foreseer.shop(
        Object.fromEntries(Array.from({ length: tasksOfPlan }, (_, n) => [`t${n}`, {}])),
      );
      // One class, as many tasks that look alike have.
      await shop.sql(`update tasks set claim_class = 'c' where project = $1`);
      if (analysed === 'analysed') await foreseer.gateway.app.gateway.store.rows(statement('', 'analyze'));
    });
    afterAll(() => foreseer.close());

    /** What the backends have told so far. */
    async function told(): Promise<Scans> {
      const [row] = await shop.sql<Scans>(
        `with told as (select pg_stat_force_next_flush(), pg_stat_clear_snapshot())
       select (select seq_scan from pg_stat_user_tables where relname = 'tasks') as tasks,
         (select seq_scan from pg_stat_user_tables where relname = 'events') as events,
         (select seq_scan from pg_stat_user_tables where relname = 'requests') as requests,
         (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'tasks')::bigint as read,
         (select n_tup_upd from pg_stat_user_tables where relname = 'tasks') as updates
       from told where $1::text is not null`,
      );
      if (row === undefined) throw new Error('no statistics');
      return row;
    }

    /**
     * What was scanned once the backends have told of all updates: each tells its numbers when it is idle for
     * seconds, and what the calls of one test scanned must not count as that of the next.
     */
    async function scans(updates: number): Promise<Scans> {
      await waitUntil(async () => (await told()).updates >= updates, 30_000);
      return told();
    }

    it('use indexes: no scan of tasks, events or requests comes with a claim', async () => {
      // With a limit, so that counting what is in progress is part of it.
      const base = { ...(await shop.claim()), allowed: '{c}', refused: '{x}', wip: 10_000 };
      const claim = async (n: number): Promise<void> => {
        expect(await shop.make({ ...base, request: `r${n}`, hash: 'h' })).toBeDefined();
      };
      for (let n = 0; n < 20; n++) await claim(n);
      const before = await scans(set + 20);
      for (let n = 20; n < claims; n++) await claim(n);
      const after = await scans(before.updates + claims - 20);
      console.log(`${claims} claims of ${tasksOfPlan}: ${JSON.stringify({ before, after })}`);
      // Housekeeping may look once or twice; a plan that scans would look hundreds of times.
      expect(after.tasks - before.tasks).toBeLessThan(20);
      expect(after.events - before.events).toBeLessThan(20);
      expect(after.requests - before.requests).toBeLessThan(20);
      // What is in progress is counted, 250 on average; whoever walks the whole plan reads ten times that.
      expect((after.read - before.read) / (claims - 20)).toBeLessThan(tasksOfPlan / 4);
    });

    it('use indexes: no scan comes with a renewal or a hand-over, one by one or many at once', async () => {
      const held = (await shop.tasks()).filter(({ state }) => state === 'in_progress');
      const made = async (of: 'renew' | 'submit', tasks: typeof held): Promise<void> => {
        const answers = await Promise.all(tasks.map(({ id }) => shop.make(shop[of](id, 1))));
        expect(answers.filter((answer) => answer === undefined)).toEqual([]);
      };
      const before = await scans(set + claims);
      for (const task of held.slice(0, 200)) await made('renew', [task]);
      for (const task of held.slice(0, 200)) await made('submit', [task]);
      await made('renew', held.slice(200));
      await made('submit', held.slice(200));
      const calls = held.length * 2;
      const after = await scans(before.updates + calls);
      console.log(`${calls} renewals and hand-overs: ${JSON.stringify({ before, after })}`);
      expect(after.tasks - before.tasks).toBeLessThan(20);
      expect(after.events - before.events).toBeLessThan(20);
      expect((after.read - before.read) / calls).toBeLessThan(tasksOfPlan / 30);
    });
  },
);
