import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../../src/store/store.ts';
import { type Engine, enginesOf } from '../../support/engines.ts';
import { codesOf, type Line, openLine, passTime } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'shop';
const planOf = (bug: string, kind = '') => `
${planHead()}
gates:
  tests: { run: "node check.mjs", timeout: 30s }
agents:
  builder: { tier: implementer }
tasks:
  cart: { title: Cart, ${kind}phase: build, write: ["src/cart/**"], gates: [tests], acceptance: [it adds up] }
  view: { title: View, kind: ${bug}, phase: build, write: ["src/view/**"], gates: [tests], expected: 20m }
  note: { title: Note, kind: ${bug}, phase: build, write: ["src/note/**"], gates: [tests] }
  bill: { title: Bill, phase: build, write: ["src/bill/**"] }
`;
const check = `import { readdirSync } from 'node:fs';
for (const name of readdirSync('src', { recursive: true }).filter((one) => one.endsWith('.mjs'))) await import('./src/' + name);
`;

describe.each(enginesOf(import.meta.filename))('the record, on %s', (engine: Engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, {
      plan: planOf('bug'),
      files: { 'check.mjs': check, 'src/main.mjs': 'export {};\n' },
    });
  });
  afterAll(() => line.close());

  const show = (more: object = {}) => line.owner.record.show.query({ project, ...more });
  const attempts = () =>
    line.app.gateway.store.rows<{
      epoch: number;
      outcome: string;
      profile: string | null;
      minutes: number | null;
    }>(
      statement(
        '',
        `select epoch, outcome, profile, round(extract(epoch from at - claimed_at) / 60)::int as minutes from task_attempts
         where task = 'cart' order by epoch`,
      ),
    );

  it('knows the kind of a task from the plan, and shows it in differences, tasks and pages', async () => {
    const kinds = (await line.owner.task.list.query({ project })).map(({ id, kind }) => [id, kind]);
    expect(kinds).toEqual([
      ['cart', 'task'],
      ['view', 'bug'],
      ['note', 'bug'],
      ['bill', 'task'],
    ]);
    expect((await line.task('view')).kind).toBe('bug');
    const { rows } = await line.owner.task.page.query({ project });
    expect(rows.map(({ kind }) => kind)).toEqual(['task', 'bug', 'bug', 'task']);
    const diff = await line.owner.plan.diff.query({ project, text: planOf('fault', 'kind: task, ') });
    expect(diff.changed).toEqual([
      { task: 'view', members: ['kind'] },
      { task: 'note', members: ['kind'] },
    ]);
    expect(diff.guards).toEqual([]);
    expect(await codesOf(line.owner.plan.diff.query({ project, text: planOf('Not a name') }))).toEqual([
      'plan.invalid',
      'plan.invalid',
    ]);
  });

  it('tells of each attempt its profile, and the time from its claim', async () => {
    const one = await line.mint('agent:one', {}, { profile: 'builder' });
    const two = await line.mint('agent:two');
    const failed = await line.offer(one, 'cart', { 'src/cart/a.mjs': 'undefined.rate;\n' });
    await line.until(failed.change, 'refused');
    const claimed = await two.client.task.claim.mutate({ project, task: 'cart' });
    await passTime(30_000, line);
    await two.client.task.release.mutate({
      project,
      task: 'cart',
      epoch: claimed.task?.epoch ?? 0,
      why: 'x',
    });
    const passed = await line.offer(one, 'cart', { 'src/cart/a.mjs': 'export {};\n' });
    await line.until(passed.change, 'judging');
    const judge = await line.mint('agent:judge', { role: 'VALIDATOR' });
    const { tree } = await line.change(passed.change);
    await judge.client.verdict.approve.mutate({ project, change: passed.change, tree });
    await line.until(passed.change, 'landed');
    expect(await attempts()).toMatchObject([
      { epoch: 1, outcome: 'gate_failed', profile: 'builder', minutes: 0 },
      { epoch: 2, outcome: 'released', profile: '', minutes: 1 },
      { epoch: 3, outcome: 'landed', profile: 'builder', minutes: 0 },
    ]);
    const { cases, rows } = await show();
    expect(cases).toBe(3);
    expect(rows.map(({ kind, profile, attempts: n }) => [kind, profile, n])).toEqual([
      ['task', '', 1],
      ['task', 'builder', 2],
    ]);
    expect(rows[1]?.firstPass).toEqual({ n: 1, mean: null, low: null, high: null });
    expect(rows[1]?.minutes).toMatchObject({ n: 1, middle: null });
    // No run reported a cost, so it is not known.
    expect(rows[1]?.usd.n).toBe(0);
    expect(JSON.stringify(rows)).not.toContain('agent:');
    expect((await show({ kind: 'bug' })).rows).toEqual([]);
    expect((await show({ profile: 'builder' })).cases).toBe(2);
    expect((await show({ since: '2999-01-01T00:00:00Z' })).cases).toBe(0);
    expect((await show({ every: 'week' })).rows[0]?.from).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(await codesOf(show({ since: 'yesterday' }))).toEqual(['request.invalid']);
  });

  it('says that there is too little data, until there are eight cases', async () => {
    const estimate = () => line.owner.record.estimate.query({ project, task: 'view' });
    expect(await estimate()).toMatchObject({ task: 'view', kind: 'bug', n: 0, high: null });
    await seed(7);
    expect(await estimate()).toMatchObject({ n: 7, high: null });
    await seed(20);
    // Each took twice the time that was expected of it.
    expect(await estimate()).toEqual({
      task: 'view',
      kind: 'bug',
      basis: 'expected',
      n: 20,
      low: 40,
      middle: 40,
      high: 40,
    });
    const of = await line.owner.record.estimate.query({ project, task: 'note' });
    expect(of).toMatchObject({ basis: 'kind', n: 20, middle: 21 });
    expect(await codesOf(line.owner.record.estimate.query({ project, task: 'none' }))).toEqual([
      'task.missing',
    ]);
    const [row] = (await show({ kind: 'bug' })).rows;
    expect(row).toMatchObject({
      profile: 'builder',
      attempts: 30,
      tries: { n: 20, middle: 1 },
      usd: { n: 10 },
    });
    expect(row?.firstPass.mean).toBeCloseTo(21 / 32, 6);
    expect(row?.usd).toMatchObject({ middle: 1.5, high: 1.5 });
  });

  it('tells patterns by kind, beside a task too, and none without enough cases', async () => {
    const found = await line.owner.record.patterns.query({ project });
    expect(found.map(({ kind, fact }) => [kind, fact])).toEqual([['bug', 'acceptance']]);
    expect(found[0]).toMatchObject({ n: { with: 20, without: 10 } });
    const [beside] = await line.owner.record.patterns.query({ project, task: 'note' });
    expect(beside).toMatchObject({ fact: 'acceptance', holds: false });
    expect(await line.owner.record.patterns.query({ project, kind: 'task' })).toEqual([]);
    expect(await codesOf(line.owner.record.patterns.query({ project, task: 'none' }))).toEqual([
      'task.missing',
    ]);
  });

  /**
   * Rows of a longer history: finished tasks of kind bug that took twice what was expected, half of them with a run that
   * reported 1.5 USD; from 20 on ten more that failed and did not say when they were done.
   */
  async function seed(count: number): Promise<void> {
    const { store } = line.app.gateway;
    const [grant] = await store.rows<{ gid: string }>(statement('', 'select gid from grants limit 1'));
    const failed = count < 20 ? 0 : 10;
    await store.rows(
      statement(
        '',
        `insert into tasks (project, id, title, kind, phase, state, position, write, deny, scope_hash, requires, gates, done, expected_minutes, acceptance)
         select 'shop', 'old-' || n, 'Old', 'bug', 'build', case when n <= $1 then 'done' else 'ready' end, 100 + n, '{}', '{}', '', '{}', '{}', 'landed', n,
           case when n <= $1 then '{it works}'::text[] else '{}' end from generate_series(1, $2::int) n on conflict do nothing`,
      ),
      [count, count + failed],
    );
    await store.rows(
      statement(
        '',
        `insert into task_attempts (project, task, epoch, agent, outcome, profile, claimed_at, at)
         select 'shop', 'old-' || n, 1, 'agent:x', case when n <= $1 then 'landed' else 'rejected' end, 'builder', t - n * interval '2 minutes', t
         from generate_series(1, $2::int) n, date_trunc('second', andon_now()) t on conflict do nothing`,
      ),
      [count, count + failed],
    );
    await store.rows(
      statement(
        '',
        `insert into runs (id, project, agent, profile, tier, role, adapter, task, epoch, launch, gid, spawner, spawner_gid, state, max_ms, lease_ms, usage)
         select 'run_' || n, 'shop', 'agent:x', 'builder', 'implementer', 'IMPLEMENTER', 'command', 'old-' || n, 1, '{}', $2, 'human:owner', $2, 'ended', 1, 1,
           '{"tokens":900,"usdMicro":1500000,"turns":2}' from generate_series(1, $1::int) n where n % 2 = 0 on conflict do nothing`,
      ),
      [count, grant?.gid],
    );
  }
});
