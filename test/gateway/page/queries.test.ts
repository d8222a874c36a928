import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { type Hand, type Line, openLine, refusal } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `
${planHead()}
gates:
  look: { by: human }
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  prices: { title: Prices, phase: build, write: ["src/prices/**"], gates: [look] }
`;

describe.each(enginesOf(import.meta.filename))('the queries of the page, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  const { project } = { project: 'shop' };
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line.close());

  const mine = () => line.owner.page.mine.query({ project: '*' });

  it('put a question, a verdict and a manual gate into one list, each until it is dealt with', async () => {
    expect((await mine()).items).toEqual([]);
    await builder.client.task.claim.mutate({ project, task: 'cart' });
    const asked = { project, task: 'cart', question: 'EUR or USD?' };
    const { question } = await builder.client.task.ask.mutate(asked);
    expect((await mine()).items).toMatchObject([
      { kind: 'question', id: question, title: 'EUR or USD?', blocks: ['agent:builder'], mayAct: true },
    ]);
    const page = await line.owner.question.list.query({ project });
    expect(page.rows).toMatchObject([{ id: question, question: 'EUR or USD?', answer: null }]);
    await line.owner.task.answer.mutate({ project, task: 'cart', answer: 'EUR' });
    expect((await mine()).items).toEqual([]);
    expect((await line.owner.question.list.query({ project })).rows).toEqual([]);
    expect((await line.owner.question.list.query({ project, open: false })).rows).toHaveLength(1);
    const other = await line.mint('agent:other');
    const offered = await line.offer(other, 'prices', { 'src/prices/p.ts': 'export const p = 1;\n' });
    await waitUntil(async () => (await mine()).items.length === 1);
    expect((await mine()).items[0]).toMatchObject({ kind: 'gate', gate: 'look', change: offered.change });
    const { files } = await line.owner.change.diff.query({ project, change: offered.change, context: 0 });
    expect(files).toEqual([{ path: 'src/prices/p.ts', status: 'added', plus: 1, minus: 0, binary: false }]);
    await line.owner.gate.pass.mutate({ project, change: offered.change, gate: 'look', tree: offered.tree });
    await line.until(offered.change, 'judging');
    expect((await mine()).items).toMatchObject([{ kind: 'verdict', id: offered.change, task: 'prices' }]);
    const judging = await line.owner.change.page.query({ project, states: ['judging'] });
    expect(judging.rows).toMatchObject([{ id: offered.change, title: 'Prices', state: 'judging' }]);
    expect((await line.owner.change.page.query({ project, states: ['landed'] })).rows).toEqual([]);
  });

  it('preview a call as it would be decided, tell what it would change, and change nothing', async () => {
    const before = (await line.events()).length;
    const pull = { project, action: 'cord.pull', input: { colour: 'red', why: 'a test' } } as const;
    const found = await line.owner.page.preview.query(pull);
    expect(found).toMatchObject({ allowed: true, refused: [] });
    expect(found.effects).toContainEqual({ kind: 'task', id: 'cart' });
    const everywhere = { ...pull, project: '*', input: { ...pull.input, scope: 'all' } };
    expect((await line.owner.page.preview.query(everywhere)).effects).toEqual(found.effects);
    const wrong = { project, action: 'cord.pull', input: { scope: 'task/none', why: 'a test' } } as const;
    expect(await line.owner.page.preview.query(wrong)).toMatchObject({
      allowed: false,
      refused: [{ code: 'task.missing' }],
    });
    const own = (await mine()).items[0]?.id ?? '';
    const approve = { project, action: 'verdict.approve', input: { change: own, tree: 'x' } } as const;
    const refused = await builder.client.page.preview.query(approve);
    expect(refused.refused.map(({ code }) => code)).toContain('grant.action');
    // Whoever may not do it is not told what it would touch.
    expect(refused.effects).toEqual([]);
    const bad = { project, action: 'cord.pull', input: { colour: 'blue', why: 'x' } } as const;
    expect((await refusal(line.owner.page.preview.query(bad)))[0]?.code).toBe('request.invalid');
    expect(await line.events()).toHaveLength(before);
    expect((await line.owner.cord.status.query({ project })).state).toBe('running');
  });

  it('tell on the wall the last accepted event of each agent, and the refusals since', async () => {
    const denied = { project, task: 'prices' };
    await refusal(builder.client.task.claim.mutate(denied));
    const first = await line.owner.page.wall.query({ project });
    expect(first.phases).toEqual([{ project, name: 'build', open: true, done: 0, tasks: 2 }]);
    expect(Object.values(first.counts.byState).reduce((sum, n) => sum + n, 0)).toBe(2);
    await waitUntil(async () => {
      const { agents } = await line.owner.page.wall.query({ project });
      return agents.some(({ name, refusals }) => name === 'agent:builder' && refusals === 1);
    });
    const { agents, counts, position, projects } = await line.owner.page.wall.query({ project });
    expect(agents.find(({ name }) => name === 'agent:builder')).toMatchObject({
      task: 'cart',
      epoch: 1,
      lastType: 'question.asked',
    });
    expect(counts.byState).toMatchObject({ in_progress: 1, gated: 1 });
    expect(position).toBeGreaterThan(0);
    expect(projects).toMatchObject([{ name: 'shop', wip: { running: 1 } }]);
  });
});
