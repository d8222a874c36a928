import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePlan } from '../../../src/plan/parse.ts';
import { statementsOf } from '../../../src/store/migrations/index.ts';
import { statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { type Hand, type Line, openLine, passTime, refusal } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `${planHead({ done: 'artefact' })}
gates: { look: { by: validator } }
tasks:
  # People read this.
  pay: { title: Pay, phase: build, write: ["src/pay/**"], gates: [look] }
  cart: { title: Cart, phase: build, needs: [pay], write: ["src/cart/**"] }
`;
const weaker = plan.replace(', gates: [look]', '');
const withTrigger = `${plan}triggers:
  nightly: { every: 1h, task: { title: Tidy up, phase: build, write: ["docs/**"] } }
`;
const project = 'shop';

describe.each(enginesOf(import.meta.filename))('the plans that were applied, on %s', (engine) => {
  let line: Line;
  let lead: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    lead = await line.mint('agent:lead', { tier: 'executive' });
  });
  afterAll(() => line.close());
  const put = (text: string, reason?: string) =>
    line.owner.plan.put.mutate({ project, text, ...(reason !== undefined && { reason }) });
  const history = () => line.owner.plan.history.query({ project });
  const show = (revision: string) => line.owner.plan.revision.query({ project, revision });

  it('are kept with principal, time, reason and the very text', async () => {
    await put(weaker, 'nobody has time to look');
    const [second, first] = await history();
    const { hash } = await line.owner.plan.show.query({ project });
    expect(second).toMatchObject({
      revision: 2,
      hash,
      appliedBy: 'human:owner',
      reason: 'nobody has time to look',
    });
    expect(Date.parse(String(second?.at))).toBeGreaterThanOrEqual(Date.parse(String(first?.at)));
    expect(first).toMatchObject({ revision: 1, reason: null, trigger: null, reverts: null, added: [] });
    expect((await show('1')).text).toBe(plan);
    expect((await show(hash?.slice(0, 8) ?? '')).text).toBe(weaker);
    const applied = (await line.events()).filter(({ type }) => type === 'plan.applied').at(-1);
    expect(applied?.data).toMatchObject({ revision: 2, reason: 'nobody has time to look' });
  });

  it('are not kept again when nothing changes', async () => {
    await put(weaker, 'again');
    expect((await history()).map(({ revision }) => revision)).toEqual([2, 1]);
  });

  it('are compared with one another, guards first', async () => {
    const gate = { where: 'tasks.pay.gates', before: 'look', after: null, weakens: true, personOnly: true };
    const expected = { from: 1, to: 2, guards: [gate], changed: [{ task: 'pay', members: ['gates'] }] };
    expect(await line.owner.plan.compare.query({ project })).toMatchObject(expected);
    expect(await line.owner.plan.compare.query({ project, from: '1' })).toMatchObject(expected);
    expect(await line.owner.plan.compare.query({ project, from: '2', to: '1' })).toMatchObject({
      guards: [{ before: null, after: 'look', weakens: false }],
    });
  });

  it('are named by a number or a hash that is theirs alone', async () => {
    for (const revision of ['99', 'abcdef', '4000000000']) {
      const [one] = await refusal(show(revision));
      expect(one).toMatchObject({ code: 'plan.revision', found: revision });
    }
    await line.app.gateway.store.rows(
      statement(
        '',
        `insert into plan_history (project, revision, hash, text) values ('shop', 901, 'abcdef01', ''), ('shop', 902, 'abcdef02', '')`,
      ),
    );
    const [several] = await refusal(show('abcdef'));
    expect(several).toMatchObject({ code: 'plan.revision', found: 'abcdef: plans 902, 901' });
    await line.app.gateway.store.rows(statement('', 'delete from plan_history where revision > 900'));
  });

  it('come back by the same rules as any plan', async () => {
    // Without the gate again: that is for people.
    await put(plan);
    const back = { project, to: '2', reason: 'faster' };
    const reasons = await refusal(lead.client.plan.revert.mutate(back));
    expect(reasons.map(({ code, subject }) => `${code} ${subject}`)).toContain(
      'grant.tier plan/tasks.pay.gates',
    );
    expect(await history()).toHaveLength(3);
    expect(await line.owner.plan.revert.mutate(back)).toMatchObject({ applied: true });
    const [latest] = await history();
    expect(latest).toMatchObject({ revision: 4, reverts: 2, reason: 'faster' });
    expect((await show('4')).text).toBe(weaker);
    expect(await line.owner.plan.revert.mutate(back)).toMatchObject({ applied: false });
    // An executive may take back what it may change.
    await lead.client.plan.put.mutate({ project, text: weaker.replace('title: Cart', 'title: Basket') });
    expect(await lead.client.plan.revert.mutate({ ...back, to: '4' })).toMatchObject({ applied: true });
    const applied = (await line.events()).filter(({ type }) => type === 'plan.applied').at(-1);
    expect(applied?.data).toMatchObject({ reverts: 4, reason: 'faster' });
  });

  it('hold a task that a trigger added, without a text of its own', async () => {
    await put(withTrigger);
    const [{ revision: given } = { revision: 0 }] = await history();
    await passTime(3_700_000, line);
    line.app.gateway.triggers.wake();
    await waitUntil(async () => (await history())[0]?.trigger === 'nightly');
    const [made] = await history();
    expect(made).toMatchObject({ revision: given + 1, added: ['nightly-1'], appliedBy: 'human:owner' });
    expect((await show(String(given + 1))).text).toBe(withTrigger);
    expect(await line.owner.plan.compare.query({ project })).toMatchObject({
      added: ['nightly-1'],
      removed: [],
    });
    // The next text has not that task, which stays.
    await put(withTrigger.replace('title: Cart', 'title: Basket'));
    const kept = await show(String(given + 2));
    expect(kept.added).toEqual(['nightly-1']);
    expect(await line.owner.plan.compare.query({ project })).toMatchObject({
      added: [],
      changed: [{ task: 'cart', members: ['title'] }],
      removed: [],
    });
  });
});

describe.each(enginesOf(import.meta.filename))(
  'the plan of a database from before there was a history, on %s',
  (engine) => {
    let line: Line;
    beforeAll(async () => {
      line = await openLine(engine, { plan });
    });
    afterAll(() => line.close());
    const rows = (text: string) => line.app.gateway.store.rows(statement('', text));

    it('is its first row, by whom and when the log tells, its tasks in their order', async () => {
      for (const text of [
        'drop table plan_history',
        'drop function andon_plan_text',
        'drop function andon_keep_plan',
        'drop index events_type, events_actor, events_at',
        ...(await statementsOf({ version: 0, name: '0004-plan-history' })),
      ])
        await rows(text);
      const [first, ...rest] = await line.owner.plan.history.query({ project });
      expect(rest).toEqual([]);
      const [applied] = (await line.events()).filter(({ type }) => type === 'plan.applied');
      expect(first).toMatchObject({ revision: 1, appliedBy: applied?.actor, hash: applied?.data.hash });
      const { text } = await line.owner.plan.revision.query({ project, revision: '1' });
      expect(parsePlan(text)).toEqual(parsePlan(plan));
      expect(Object.keys(parsePlan(text).tasks)).toEqual(['pay', 'cart']);
    });

    it('is kept before the next one where an earlier version applied it', async () => {
      // A gateway of an earlier version writes the project alone.
      await rows(`update projects set plan_revision = 2, plan_hash = repeat('e', 64) where name = 'shop'`);
      await line.owner.plan.put.mutate({ project, text: weaker });
      const history = await line.owner.plan.history.query({ project });
      expect(history.map(({ revision, hash }) => [revision, hash.slice(0, 2)])).toMatchObject([
        [3, expect.any(String)],
        [2, 'ee'],
        [1, expect.any(String)],
      ]);
    });
  },
);
