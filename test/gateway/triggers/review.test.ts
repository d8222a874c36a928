import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const plan = `
${planHead({ project })}
gates: { review: { by: validator } }
agents:
  reviewer: { tier: validator, adapter: command, run: "true" }
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"], gates: [review] }
  docs: { title: Docs, phase: build, write: ["docs/**"], gates: [review] }
  more: { title: More, phase: build, write: ["more/**"], gates: [review] }
  last: { title: Last, phase: build, write: ["last/**"], gates: [review] }
triggers:
  review: { on: change.submitted, spawn: reviewer, for: event }
`;

describe.each(enginesOf(import.meta.filename))('a trigger on what was submitted, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line.close());

  const runs = async () => (await line.owner.run.list.query({ project })).runs;
  const take = async () =>
    (await line.owner.run.take.mutate({ project, runner: 'here', adapters: ['command'] })).taken;
  const end = (run: string, verdict: string) =>
    line.owner.run.end.mutate({
      project,
      run,
      runner: 'here',
      cause: 'exited',
      exitCode: 0,
      signal: null,
      usage: { tokens: 0, usdMicro: 0, turns: 0 },
      verdict: { text: verdict },
    });
  const shipped = (run: string): string =>
    JSON.stringify({ version: 1, run, result: 'shipped', summary: 'read it' });

  it('binds the change: its reviewer gets change, task and epoch, and is judged by its verdict', async () => {
    const { change, tree } = await line.offer(builder, 'cart', { 'cart/a.md': 'a\n' });
    await waitUntil(async () => (await runs()).length === 1);
    const taken = await take();
    expect(taken?.run).toMatchObject({ profile: 'reviewer', change, task: 'cart' });
    expect(taken?.judges).toEqual({ task: 'cart', epoch: 1 });
    const reviewer = line.client(taken?.token ?? '');
    await reviewer.verdict.approve.mutate({ project, change, tree });
    await line.until(change, 'landed');
    expect(await end(taken?.run.id ?? '', shipped(taken?.run.id ?? ''))).toMatchObject({
      outcome: 'shipped',
    });
  });

  it('is held up by a run for the same task alone: two changes have a reviewer each', async () => {
    await line.offer(builder, 'more', { 'more/a.md': 'a\n' });
    await line.offer(builder, 'last', { 'last/a.md': 'a\n' });
    const waiting = async () =>
      (await runs()).filter(({ state }) => state === 'waiting').map(({ task }) => task);
    await waitUntil(async () => (await waiting()).length === 2);
    expect((await waiting()).sort()).toEqual(['last', 'more']);
    for (let taken = await take(); taken !== null && taken !== undefined; taken = await take())
      await line.owner.run.stop.mutate({ project, run: taken.run.id, why: 'enough' });
  });

  it('does not take the word of one that gave no verdict', async () => {
    await line.offer(builder, 'docs', { 'docs/a.md': 'a\n' });
    await waitUntil(async () =>
      (await runs()).some(({ state, task }) => state === 'waiting' && task === 'docs'),
    );
    const taken = await take();
    const id = taken?.run.id ?? '';
    expect(taken?.run.task).toBe('docs');
    expect(await end(id, shipped(id))).toMatchObject({ outcome: 'no_progress' });
  });
});
