import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createForesight, type ForeseenCall, type Foresight } from '../../../src/gateway/door/foreseen.ts';
import type { Grant } from '../../../src/tiers/capability.ts';
import { engines } from '../../support/engines.ts';
import { type Foreseer, openForeseer } from '../../support/foreseer.ts';

interface Claimed {
  readonly task: { readonly id: string };
}

const oneTask = { a: {} };

describe.each(engines)('a batch of foreseen calls, on %s', (engine) => {
  let foreseer: Foreseer;
  beforeAll(async () => {
    foreseer = await openForeseer(engine);
  });
  afterAll(() => foreseer.close());

  it('spoils no other call when its grant is revoked or its token replaced', async () => {
    for (const gone of ['revoked', 'replaced']) {
      const shop = await foreseer.shop({ a: {}, b: {} });
      const other = await shop.anotherGrant();
      const claim = await shop.claim();
      await shop.sql(
        gone === 'revoked'
          ? `insert into revocations (project, kind, value, by_agent, why) values ($1, 'grant', '${other.gid}', 'x', 'y')`
          : `update tokens set replaced_at = andon_now() where jti = '${other.jti}' and $1::text is not null`,
      );
      const [good, bad] = await Promise.all([shop.make(claim), shop.make(claim, other)]);
      expect(good).toMatchObject({ task: { id: 'a' } });
      expect(bad).toBeUndefined();
    }
  });

  it('spoils no other call when its token expired or is of an epoch that has ended', async () => {
    for (const gone of [{ exp: 1 }, { ep: 0 }]) {
      for (const first of [true, false]) {
        const shop = await foreseer.shop({ a: {}, b: {} });
        const claim = await shop.claim();
        const good = shop.grant;
        const grants = first ? [{ ...good, ...gone }, good] : [good, { ...good, ...gone }];
        const made = await Promise.all(grants.map((grant) => shop.make(claim, grant)));
        expect(made.map((answer) => answer !== undefined)).toEqual(first ? [false, true] : [true, false]);
      }
    }
  });

  it('spoils no other call by a request id that has an answer', async () => {
    const shop = await foreseer.shop({ a: {}, b: {}, c: {}, d: {} });
    const claim = await shop.claim();
    const named = (request: string) => shop.make<Claimed>({ ...claim, request, hash: 'h' });
    await named('once');
    // The id of another agent's request is another request.
    await shop.sql(
      `insert into requests (principal, request_id, action, input_hash, answer) values ('other of ' || $1, 'new', 'x', 'x', '{}')`,
    );
    const made = await Promise.all([named('once'), shop.make<Claimed>(claim), named('new'), named('new')]);
    expect(made.map((answer) => answer?.task.id)).toEqual([undefined, 'b', 'c', undefined]);
    const stored = await shop.sql<{ request: string; task: string }>(
      `select request_id as request, answer->'task'->>'id' as task from requests
       where principal = '${shop.grant.sub}' and $1::text is not null order by 1`,
    );
    expect(stored).toEqual([
      { request: 'new', task: 'c' },
      { request: 'once', task: 'a' },
    ]);
  });

  it('keeps apart what calls of one moment do not have in common', async () => {
    const shop = await foreseer.shop({ a: {}, b: {}, c: {} });
    const claim = await shop.claim();
    const kinds = [{ leaseMs: 60_000 }, { leaseMs: 120_000 }, { plan: 'other' }, { allowed: '{}' }];
    const made = await Promise.all(kinds.map((kind) => shop.make<Claimed>({ ...claim, ...kind })));
    const tasks = await shop.tasks();
    const leases = made.map((answer) => tasks.find(({ id }) => id === answer?.task.id)?.lease_ms);
    expect(leases).toEqual([60_000, 120_000, undefined, undefined]);
  });

  it('spoils no other call by an epoch that no column holds', async () => {
    const shop = await foreseer.shop({ a: {}, b: {} });
    await shop.make(await shop.claim());
    const calls = [shop.make(shop.renew('a', Number.MAX_SAFE_INTEGER)), shop.make(await shop.claim())];
    expect((await Promise.all(calls)).map((answer) => answer !== undefined)).toEqual([false, true]);
  });

  it('sends the whole batch the whole way when the database refuses one of it', async () => {
    const shop = await foreseer.shop(oneTask);
    await shop.make(await shop.claim());
    const before = await shop.everything();
    const broken = { ...shop.renew('b', 1), lease: 'soon' };
    expect(await Promise.all([shop.make(shop.renew('a', 1)), shop.make(broken)])).toEqual([
      undefined,
      undefined,
    ]);
    expect(await shop.everything()).toEqual(before);
  });

  it('gives every call of a batch its own answer', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `t${n}`);
    const shop = await foreseer.shop(Object.fromEntries(names.map((name) => [name, {}])));
    const claim = await shop.claim();
    await Promise.all(names.map(() => shop.make(claim)));
    const calls = names.flatMap((name, n) =>
      n % 3 === 0 ? [shop.renew(name, 2), shop.renew(name, 1)] : [shop.renew(name, 1)],
    );
    const answers = await Promise.all(calls.map((call) => shop.make<{ task: string }>(call)));
    const wanted = calls.map(({ task, lease }) => (lease === 1 ? task : undefined));
    expect(answers.map((answer) => answer?.task)).toEqual(wanted);
  });

  it('is made once when one batch holds it twice for one lease', async () => {
    const shop = await foreseer.shop({ a: {}, b: {} });
    for (let n = 0; n < 2; n++) await shop.make(await shop.claim());
    for (const calls of [
      [shop.renew('a', 1), shop.renew('a', 1), shop.renew('b', 1)],
      [shop.submit('a', 1), shop.submit('a', 1), shop.submit('b', 1)],
    ]) {
      const made = await Promise.all(calls.map((call) => shop.make(call)));
      expect(made.slice(0, 2).filter((answer) => answer !== undefined)).toHaveLength(1);
      expect(made[2]).toBeDefined();
    }
    const events = await shop.sql(`select from events where project = $1 and type = 'change.submitted'`);
    expect(events).toHaveLength(2);
    expect(await shop.sql('select from changes where project = $1')).toHaveLength(2);
  });

  it('is made once when one batch holds its request id twice', async () => {
    const shop = await foreseer.shop({ a: {}, b: {} });
    const named = { ...(await shop.claim()), request: 'twice', hash: 'h' };
    const answers = await Promise.all([shop.make(named), shop.make(named)]);
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
    expect((await shop.tasks()).filter(({ state }) => state === 'in_progress')).toHaveLength(1);
  });

  /** Foresight over the same store, and how many calls each of its statements carries. */
  function watched(): { foresight: Foresight; sizes: number[] } {
    const { store } = foreseer.gateway.app.gateway;
    const sizes: number[] = [];
    const foresight = createForesight({
      engine: store.engine,
      orm: store.orm,
      rows: (asked, params = []) => {
        sizes.push((params[5] as unknown[]).length);
        return store.rows(asked, params);
      },
      transaction: (work) => store.transaction(work),
      listen: (channel, heard, lost) => store.listen(channel, heard, lost),
      close: () => store.close(),
    });
    return { foresight, sizes };
  }

  it('goes in batches that are bounded', async () => {
    const shop = await foreseer.shop(oneTask);
    await shop.claim();
    const { foresight, sizes } = watched();
    const calls = Array.from({ length: 150 }, () =>
      foresight.make(shop.grant, shop.project, shop.renew('a', 1)),
    );
    expect(new Set(await Promise.all(calls))).toEqual(new Set([undefined]));
    expect(sizes).toEqual([64, 64, 22]);
  });

  it('is asked for once by a batch of which none can be made, and alone by what spoils it', async () => {
    const shop = await foreseer.shop({ a: {}, b: {}, c: {}, d: {}, e: {} });
    const claim = await shop.claim();
    await shop.make(claim);
    const other = await shop.anotherGrant();
    const { foresight, sizes } = watched();
    const four = async (call: ForeseenCall, last: Grant = shop.grant): Promise<number> => {
      const grants = [shop.grant, shop.grant, shop.grant, last];
      const made = await Promise.all(grants.map((grant) => foresight.make(grant, shop.project, call)));
      return made.filter((answer) => answer !== undefined).length;
    };
    expect(await four({ ...claim, plan: 'other' })).toBe(0);
    expect(await four({ ...claim, wip: 1 })).toBe(0);
    await shop.sql(
      `insert into stops (id, project, colour, scope_kind, scope_value, why, cause, subject, pulled_by, told)
       values ('stp-' || $1, $1, 'red', 'project', $1, 'x', 'person', 'x', 'x', '{}')`,
    );
    expect(await four(claim)).toBe(0);
    expect(sizes).toEqual([4, 4, 4]);
    await shop.sql('update stops set cleared_at = andon_now() where project = $1');
    expect(await four(claim, { ...other, exp: 1 })).toBe(3);
    expect(sizes.slice(3)).toEqual([4, 2, 2, 1, 1]);
  });
});
