import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayText, type ForeseenCall } from '../../../src/gateway/door/foreseen.ts';
import { statement } from '../../../src/store/store.ts';
import type { Grant } from '../../../src/tiers/capability.ts';
import { engines } from '../../support/engines.ts';
import { type Foreseer, openForeseer, type Shop } from '../../support/foreseer.ts';

const oneTask = { a: {} };

describe.each(engines)('a foreseen call, on %s', (engine) => {
  let foreseer: Foreseer;
  beforeAll(async () => {
    foreseer = await openForeseer(engine);
  });
  afterAll(() => foreseer.close());

  /** The call is not made, and nothing of the project has changed. */
  async function goesTheWholeWay(shop: Shop, call: ForeseenCall, grant: Grant = shop.grant): Promise<void> {
    const before = await shop.everything();
    expect(await shop.make(call, grant)).toBeUndefined();
    expect(await shop.everything()).toEqual(before);
  }

  it('is made when everything is as foreseen', async () => {
    const shop = await foreseer.shop(oneTask);
    expect(await shop.make(await shop.claim())).toMatchObject({ task: { id: 'a', epoch: 1 }, reasons: [] });
    expect(await shop.make(shop.renew('a', 1))).toMatchObject({ task: 'a', epoch: 1 });
    expect(await shop.make(shop.submit('a', 1))).toMatchObject({ tree: 'artefact:made', gates: [] });
    expect(await shop.task('a')).toMatchObject({ state: 'gated', holder: null });
  });

  it('is not made with a grant of an epoch that has ended', async () => {
    const shop = await foreseer.shop(oneTask);
    await shop.sql('update projects set epoch = epoch + 1 where name = $1');
    await goesTheWholeWay(shop, await shop.claim());
    expect(await shop.make(await shop.claim(), { ...shop.grant, ep: 2 })).toBeDefined();
  });

  it.each([`'other'`, 'null'])(
    'is not made under another plan than the one that was seen: %s',
    async (hash) => {
      const shop = await foreseer.shop(oneTask);
      const call = await shop.claim();
      await shop.sql(`update projects set plan_hash = ${hash} where name = $1`);
      await goesTheWholeWay(shop, call);
    },
  );

  it('is not made with an expired token', async () => {
    const shop = await foreseer.shop(oneTask);
    const nowSeconds = foreseer.gateway.app.gateway.nowSeconds();
    await goesTheWholeWay(shop, await shop.claim(), { ...shop.grant, exp: Math.floor(nowSeconds) - 1 });
  });

  const revoked: [string, string, (grant: Grant) => string][] = [
    ['token', 'token', ({ jti }) => jti],
    ['grant', 'grant', ({ gid }) => gid],
    ['ancestor', 'grant', ({ lin }) => lin[0] ?? ''],
    ['agent', 'agent', ({ sub }) => sub],
    ['key', 'key', ({ kid }) => kid],
  ];
  it.each(revoked)('is not made when its %s is revoked, here or everywhere', async (_title, kind, named) => {
    for (const where of ['$1', `'*'`]) {
      const shop = await foreseer.shop(oneTask);
      const value = `'${named(shop.grant)}'`;
      const put = `insert into revocations (project, kind, value, by_agent, why) values (${where}, '${kind}', ${value}, 'x', 'y')`;
      await shop.sql(where === '$1' ? put : `${put} returning $1::text`);
      try {
        await goesTheWholeWay(shop, await shop.claim());
      } finally {
        await shop.sql(`delete from revocations where value = ${value} and $1::text is not null`);
      }
    }
  });

  it('claims nothing while a stop is open, here or everywhere, and renews and hands over all the same', async () => {
    for (const [where, colour] of [
      ['$1', 'red'],
      ['$1', 'yellow'],
      [`'*'`, 'red'],
    ]) {
      const shop = await foreseer.shop({ a: {}, b: {} });
      await shop.make(await shop.claim());
      const id = `stp-${shop.project}`;
      await shop.sql(
        `insert into stops (id, project, colour, scope_kind, scope_value, why, cause, subject, pulled_by, told)
         select '${id}', ${where}, '${colour}', 'task', 'elsewhere', 'x', 'person', 'x', 'x', '{}' where $1::text is not null`,
      );
      try {
        await goesTheWholeWay(shop, await shop.claim());
        expect(await shop.make(shop.renew('a', 1))).toBeDefined();
        expect(await shop.make(shop.submit('a', 1))).toBeDefined();
      } finally {
        await shop.sql(
          `update stops set cleared_at = andon_now() where id = '${id}' and $1::text is not null`,
        );
      }
      expect(await shop.make(await shop.claim())).toMatchObject({ task: { id: 'b' } });
    }
  });

  it('is made when its agent is revoked in another project', async () => {
    const shop = await foreseer.shop(oneTask);
    await shop.sql(
      `insert into revocations (project, kind, value, by_agent, why) values ($1 || '-x', 'agent', '${shop.grant.sub}', 'x', 'y')`,
    );
    expect(await shop.make(await shop.claim())).toBeDefined();
    await shop.sql(`delete from revocations where project = $1 || '-x'`);
  });

  it('is not made with a token that was replaced by its renewal', async () => {
    const shop = await foreseer.shop(oneTask);
    await shop.sql(
      `update tokens set replaced_at = andon_now() where jti = '${shop.grant.jti}' and $1::text is not null`,
    );
    await goesTheWholeWay(shop, await shop.claim());
  });

  it('is not made again under a request id that has an answer, whatever its input was', async () => {
    const shop = await foreseer.shop({ a: {}, b: {} });
    const named = { ...(await shop.claim()), request: 'once', hash: 'h' };
    expect(await shop.make(named)).toBeDefined();
    await goesTheWholeWay(shop, named);
    await goesTheWholeWay(shop, { ...named, hash: 'other' });
  });

  it('claims nothing above the limit of work in progress', async () => {
    const shop = await foreseer.shop({ a: {}, b: {}, c: {} });
    const limited = { ...(await shop.claim()), wip: 2 };
    const answers = await Promise.all([shop.make(limited), shop.make(limited), shop.make(limited)]);
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(2);
    await goesTheWholeWay(shop, limited);
  });

  it('passes over a class that was refused, and claims none that was never judged', async () => {
    const shop = await foreseer.shop({ a: { priority: 'critical', requires: ['c'] }, b: {} });
    const [first, second] = [await shop.classOf('a'), await shop.classOf('b')];
    await goesTheWholeWay(shop, { ...(await shop.claim()), allowed: arrayText([second]), refused: '{}' });
    const passing = { ...(await shop.claim()), allowed: arrayText([second]), refused: arrayText([first]) };
    expect(await shop.make(passing)).toMatchObject({ task: { id: 'b' } });
  });

  it('claims no task whose scope overlaps another’s', async () => {
    const shop = await foreseer.shop({ a: { write: ['src/**'] }, b: { write: ['src/x/**'] } });
    await goesTheWholeWay(shop, await shop.claim());
  });

  it('claims nothing while something is ready that the claimant had before', async () => {
    const shop = await foreseer.shop({ a: { priority: 'critical' }, b: {} });
    await shop.sql(`update tasks set preferred = '${shop.grant.sub}' where project = $1 and id = 'b'`);
    await goesTheWholeWay(shop, await shop.claim());
    await shop.sql(`update tasks set preferred = 'agent:other' where project = $1 and id = 'b'`);
    expect(await shop.make(await shop.claim())).toBeDefined();
  });

  it.each(['backlog', 'in_progress', 'gated', 'done', 'abandoned'])(
    'claims no task that is %s',
    async (state) => {
      const shop = await foreseer.shop(oneTask);
      await shop.sql(`update tasks set state = '${state}' where project = $1`);
      await goesTheWholeWay(shop, await shop.claim());
    },
  );

  const lost: [string, string][] = [
    ['is no longer in progress', `state = 'ready'`],
    ['has another epoch', 'epoch = 2'],
    ['has another holder', `holder = 'agent:thief'`],
    ['has no lease any more', 'lease_until = andon_now()'],
  ];
  it.each(lost)('neither renews nor hands over a task that %s', async (_title, change) => {
    const shop = await foreseer.shop(oneTask);
    await shop.make(await shop.claim());
    await shop.sql(`update tasks set ${change} where project = $1`);
    await goesTheWholeWay(shop, shop.renew('a', 1));
    await goesTheWholeWay(shop, shop.submit('a', 1));
  });

  it('neither renews nor hands over a task that is not there', async () => {
    const shop = await foreseer.shop(oneTask);
    await goesTheWholeWay(shop, shop.renew('nowhere', 1));
    await goesTheWholeWay(shop, shop.submit('nowhere', 1));
  });

  it('neither renews nor hands over a task of another project', async () => {
    const shop = await foreseer.shop(oneTask);
    await shop.claim();
    const other = await foreseer.shop(oneTask);
    await other.make(await other.claim());
    await other.sql(`update tasks set holder = '${shop.grant.sub}' where project = $1`);
    const before = await other.everything();
    await goesTheWholeWay(shop, shop.renew('a', 1));
    await goesTheWholeWay(shop, shop.submit('a', 1));
    expect(await other.everything()).toEqual(before);
  });

  it('hands over nothing while a question is open', async () => {
    const shop = await foreseer.shop(oneTask);
    await shop.make(await shop.claim());
    await shop.sql(
      `insert into questions (id, project, task, asked_by, question) values ('q-' || $1, $1, 'a', 'x', 'Which?')`,
    );
    await goesTheWholeWay(shop, shop.submit('a', 1));
    await shop.sql(`update questions set answer = 'This.' where project = $1`);
    expect(await shop.make(shop.submit('a', 1))).toBeDefined();
  });

  it.each([
    ['that is done by landing', `done = 'landed'`],
    ['that a gate looks at', `gates = '{tests}'`],
  ])('hands over no task %s', async (_title, change) => {
    const shop = await foreseer.shop(oneTask);
    await shop.make(await shop.claim());
    await shop.sql(`update tasks set ${change} where project = $1`);
    await goesTheWholeWay(shop, shop.submit('a', 1));
  });

  it('binds a change to the grant that hands it over, not to the one that claimed', async () => {
    const shop = await foreseer.shop(oneTask);
    await shop.make(await shop.claim());
    const other = await shop.anotherGrant();
    await shop.make(shop.submit('a', 1), other);
    const [change] = await shop.sql<{ gid: string; author: string }>(
      'select gid, author from changes where project = $1',
    );
    expect(change).toEqual({ gid: other.gid, author: other.sub });
  });

  it('carries names of any kind as PostgreSQL writes arrays', async () => {
    const names = ['a', '', 'with "quotes"', 'back\\slash', '{braces}, commas', 'NULL', 'ü'];
    const [row] = await foreseer.gateway.app.gateway.store.rows<{ names: string[] }>(
      statement('', 'select $1::text::text[] as names'),
      [arrayText(names)],
    );
    expect(row?.names).toEqual(names);
  });

  it('classes tasks by phase, skills and scope, and by nothing else', async () => {
    const shop = await foreseer.shop({
      a: { write: ['a/**'] },
      b: { write: ['a/**'], priority: 'low' },
      c: { write: ['a/**'], requires: ['c'] },
      d: { write: ['a/**'], phase: 'harden' },
      e: { write: ['a/*'] },
      f: { write: ['a/**'], deny: ['a/x'] },
    });
    const classes = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => shop.classOf(id)));
    expect(classes[0]).toBe(classes[1]);
    expect(new Set(classes).size).toBe(5);
  });
});

describe('a foreseen call that waited, on postgres', () => {
  let foreseer: Foreseer;
  beforeAll(async () => {
    foreseer = await openForeseer('postgres');
  });
  afterAll(() => foreseer.close());

  /** Makes calls while somebody holds the lock, who changes something before letting go; what the calls answer. */
  async function meanwhile(
    lock: string,
    change: string,
    param: unknown,
    make: () => Promise<unknown>[],
  ): Promise<unknown[]> {
    const outside = new pg.Client({ connectionString: foreseer.gateway.databaseUrl });
    try {
      await outside.connect();
      await outside.query('begin');
      await outside.query(`select pg_advisory_xact_lock(${lock})`);
      const calls = make();
      await foreseer.untilWaiting();
      await outside.query(change, [param]);
      await outside.query('commit');
      return await Promise.all(calls);
    } finally {
      await outside.end();
    }
  }
  const lockOf = ({ project }: Shop): string => `hashtextextended('${project}', 7101)`;

  it.each(['the project', 'the gateway'])('sees what was revoked while it waited for %s', async (held) => {
    const shop = await foreseer.shop(oneTask);
    const claim = await shop.claim();
    const lock = held === 'the project' ? lockOf(shop) : '7100';
    const revoke = `insert into revocations (project, kind, value, by_agent, why) values ('*', 'grant', $1, 'x', 'y')`;
    expect(await meanwhile(lock, revoke, shop.grant.gid, () => [shop.make(claim)])).toEqual([undefined]);
  });

  it('waits for the answer of a call with its request id that is under way', async () => {
    const shop = await foreseer.shop(oneTask);
    const call = { ...(await shop.claim()), request: 'once', hash: 'h' };
    const lock = `hashtextextended('${shop.grant.sub} once', 7102)`;
    const answer = `insert into requests (principal, request_id, action, input_hash, answer) values ($1, 'once', 'x', 'h', '{}')`;
    expect(await meanwhile(lock, answer, shop.grant.sub, () => [shop.make(call)])).toEqual([undefined]);
    expect(await shop.task('a')).toMatchObject({ state: 'ready' });
  });

  it('counts the work in progress when nobody else does', async () => {
    const shop = await foreseer.shop({ a: {}, b: {} });
    const call = { ...(await shop.claim()), wip: 1 };
    const take = `update tasks set state = 'in_progress' where project = $1 and id = 'b'`;
    const lock = `hashtextextended('${shop.project}', 7103)`;
    expect(await meanwhile(lock, take, shop.project, () => [shop.make(call)])).toEqual([undefined]);
  });

  it('is judged by the time at which it goes on', async () => {
    const shop = await foreseer.shop({ a: {}, b: {} });
    await shop.make(await shop.claim());
    const claim = await shop.claim();
    const calls = () => [shop.make(shop.renew('a', 1)), shop.make(claim)];
    const late = await meanwhile(lockOf(shop), 'select andon_shift_clock($1)', 2 * 3_600_000, calls);
    expect(late).toEqual([undefined, undefined]);
  });

  it('is not made with a token that expired while it waited', async () => {
    const shop = await foreseer.shop(oneTask);
    const claim = await shop.claim();
    const exp = Math.floor(foreseer.gateway.app.gateway.nowSeconds()) + 1;
    const calls = () => [shop.make(claim, { ...shop.grant, exp })];
    // In this order: a pause between the two readings makes it later, never sooner.
    const expire = `select pg_sleep_until(to_timestamp($1) - (andon_now() - clock_timestamp()))`;
    expect(await meanwhile(lockOf(shop), expire, exp, calls)).toEqual([undefined]);
  });

  it('takes the next task when somebody has the first in hand, and does not wait', async () => {
    const shop = await foreseer.shop({ a: {}, b: {} });
    const claim = await shop.claim();
    const outside = new pg.Client({ connectionString: foreseer.gateway.databaseUrl });
    await outside.connect();
    try {
      await outside.query('begin');
      await outside.query(`select from tasks where project = $1 and id = 'a' for update`, [shop.project]);
      expect(await shop.make(claim)).toMatchObject({ task: { id: 'b' } });
    } finally {
      await outside.end();
    }
  });
});
