import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Foreseer, openForeseer, type Shop } from '../support/foreseer.ts';

interface Claimed {
  readonly task: { readonly id: string; readonly epoch: number };
}

const rounds = 200;
const perRound = 6;
const manyTasks = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`t${n}`, {}]));

describe('a batch of foreseen calls and its database', () => {
  let foreseer: Foreseer;
  let outside: pg.Client;
  beforeAll(async () => {
    foreseer = await openForeseer('postgres');
    outside = new pg.Client({ connectionString: foreseer.gateway.databaseUrl });
    await outside.connect();
  });
  afterAll(async () => {
    await outside.end();
    await foreseer.close();
  });

  const kill = () =>
    outside.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'active'
         and query like '%andon_foreseen_%' and pid <> pg_backend_pid()`,
    );

  async function killUntil(settled: Promise<unknown>): Promise<void> {
    let over = false;
    void settled.then(() => {
      over = true;
    });
    while (!over) await kill();
  }

  /** A claim as the door makes it: foreseen, else the whole way. */
  const procedureOf = (shop: Shop, token: string) =>
    foreseer.gateway.client(token).task.claim.mutate({ project: shop.project });

  it('tells a lost connection, claims no task twice for one call and loses none that was acknowledged', async () => {
    const shop = await foreseer.shop(manyTasks(rounds * perRound));
    const agent = shop.grant.sub;
    const cap = { budget: { commits: 1 } };
    const { token = '' } = await foreseer.gateway.owner.token.mint.mutate({
      project: shop.project,
      agent,
      cap,
    });
    await procedureOf(shop, token);
    const acknowledged = new Map<string, number>([['t0', 1]]);
    const codes = new Map<string, number>();
    let calls = 1;
    for (let round = 0; round < rounds; round++) {
      const claims = Array.from({ length: perRound }, () => procedureOf(shop, token));
      calls += perRound;
      const settled = Promise.allSettled(claims);
      // A single shot falls between two batches on some machines: every tenth round shoots until all have settled.
      const killing = round % 10 === 0 ? killUntil(settled) : kill();
      for (const claim of await settled) {
        if (claim.status === 'rejected') {
          const code = String((claim.reason as { data?: { andon?: { code?: string } } }).data?.andon?.code);
          codes.set(code, (codes.get(code) ?? 0) + 1);
        } else if (claim.value.task !== null) {
          expect(acknowledged.has(claim.value.task.id), claim.value.task.id).toBe(false);
          acknowledged.set(claim.value.task.id, claim.value.task.epoch);
        }
      }
      await killing;
    }
    const lost = codes.get('store.unavailable') ?? 0;
    console.log(`${calls} claims, ${acknowledged.size} acknowledged, ${lost} lost their connection`);
    expect([...codes.keys()].filter((code) => code !== 'store.unavailable')).toEqual([]);
    expect(lost).toBeGreaterThan(0);
    const held = (await shop.tasks()).filter(({ state }) => state === 'in_progress');
    for (const [id, epoch] of acknowledged)
      expect(held.find((task) => task.id === id)).toMatchObject({ epoch, holder: agent });
    // No call took two tasks: what is held and was not acknowledged is at most what calls lost.
    expect(held.length).toBeGreaterThanOrEqual(acknowledged.size);
    expect(held.length).toBeLessThanOrEqual(acknowledged.size + lost);
    const events = await shop.sql<{ subject: string }>(
      `select subject from events where project = $1 and type = 'task.claimed'`,
    );
    expect(events.map(({ subject }) => subject).sort()).toEqual(held.map(({ id }) => `task/${id}`).sort());
  }, 60_000);

  it('sends every call the whole way after a deadlock, and none is lost', async () => {
    const shop = await foreseer.shop({ a: {}, b: {}, c: {} });
    const claim = await shop.claim();
    for (let n = 0; n < 3; n++) await shop.make<Claimed>(claim);
    await outside.query('begin');
    // The server ends whoever waits first to have waited its time: not this session.
    await outside.query(`set local deadlock_timeout = '30s'`);
    await outside.query(`select from tasks where project = $1 and id = 'b' for update`, [shop.project]);
    const before = await shop.everything();
    const calls = [shop.renew('a', 1), shop.renew('b', 1), shop.renew('c', 1)].map((call) => shop.make(call));
    await foreseer.untilWaiting();
    const crossing = outside.query(`select from tasks where project = $1 and id = 'a' for update`, [
      shop.project,
    ]);
    expect(await Promise.all(calls)).toEqual([undefined, undefined, undefined]);
    await crossing;
    await outside.query('rollback');
    expect(await shop.everything()).toEqual(before);
    expect(await shop.make(shop.renew('b', 1))).toBeDefined();
  });

  it('renews by the whole way what a deadlock threw out of its batch', async () => {
    const shop = await foreseer.shop({ a: {}, b: {} });
    const { token = '' } = await foreseer.gateway.owner.token.mint.mutate({
      project: shop.project,
      agent: shop.grant.sub,
      cap: { budget: { commits: 1 } },
    });
    const client = foreseer.gateway.client(token);
    for (let n = 0; n < 2; n++) await client.task.claim.mutate({ project: shop.project });
    await outside.query('begin');
    await outside.query(`set local deadlock_timeout = '30s'`);
    await outside.query(`select from tasks where project = $1 and id = 'b' for update`, [shop.project]);
    const renewals = ['a', 'b'].map((task) =>
      client.task.renew.mutate({ project: shop.project, task, epoch: 1 }),
    );
    await foreseer.untilWaiting();
    await outside.query(`select from tasks where project = $1 and id = 'a' for update`, [shop.project]);
    await outside.query('commit');
    expect((await Promise.all(renewals)).map(({ task }) => task)).toEqual(['a', 'b']);
    const events = await shop.sql(`select id from events where project = $1 and type = 'task.renewed'`);
    expect(events).toHaveLength(2);
  });
});
