import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { pauseMs } from '../../../src/runs/next-step.ts';
import { statement } from '../../../src/store/store.ts';
import { type Engine, enginesOf } from '../../support/engines.ts';
import { type Hand, type Line, openLine, passTime } from '../../support/line.ts';

const project = 'shop';
const planOf = (wip: number) => `
version: 1
project: shop
done: landed
lease: 60s
phases: [build]
limits: { wip: ${wip} }
agents:
  builder: { tier: implementer, adapter: command, run: "true", retries: 1 }
  judge: { tier: validator, adapter: command, run: "true", retries: 1 }
tasks:
  a: { title: A, phase: build, write: ["a/**"] }
  b: { title: B, phase: build, write: ["b/**"] }
  c: { title: C, phase: build, write: ["a/c/**"] }
`;
const usage = { tokens: 0, usdMicro: 0, turns: 0 };
const crash = { exitCode: 1, signal: null, usage, verdict: { problem: 'missing' as const } };

describe.each(enginesOf(import.meta.filename))('attempts of runs, on %s', (engine: Engine) => {
  const lines: Line[] = [];
  let line: Line;
  let runner: Hand;
  beforeEach(async () => {
    line = await openLine(engine, { plan: planOf(5) });
    lines.push(line);
    runner = await line.mint('runner:mine', { role: 'RUNNER' });
  });
  afterAll(() => Promise.all(lines.map((one) => one.close())));

  const spawn = async (profile: string, more: { task?: string; change?: string }) =>
    (await line.owner.agent.spawn.mutate({ project, profile, ...more })).run;
  const take = async () =>
    (await runner.client.run.take.mutate({ project, runner: 'mine', adapters: ['command'] })).taken;
  const end = (run: string) =>
    runner.client.run.end.mutate({ project, run, runner: 'mine', cause: 'exited', ...crash });
  const toPeople = async () =>
    (await line.owner.message.list.query({ project })).filter(({ kind }) => kind === 'run');
  const waitingRun = async () => (await line.owner.run.list.query({ project, states: ['waiting'] })).runs[0];

  it('are not burnt in one outage, and people hear when none is left', async () => {
    const first = await spawn('builder', { task: 'a' });
    expect((await take())?.run.id).toBe(first);
    await end(first);
    expect(await toPeople()).toEqual([]);
    expect((await waitingRun())?.attempt).toBe(2);
    await passTime(29_000, line);
    expect(await take()).toBeNull();
    await passTime(32_000, line);
    const second = (await take())?.run.id ?? '';
    await end(second);
    expect(await waitingRun()).toBeUndefined();
    const [told, ...more] = await toPeople();
    expect(more).toEqual([]);
    expect(told?.body).toContain(
      'attempt 2 of 2, and no other is made by itself: task a waits for somebody (andon agent spawn builder --task a)',
    );
  });

  it('of which none is left call nobody to a task that was handed over all the same', async () => {
    const run = await spawn('builder', { task: 'a' });
    expect((await take())?.run.id).toBe(run);
    await line.offer(await line.mint('agent:hand'), 'a', { 'a/x': 'x' });
    await end(run);
    const [told] = (await line.owner.message.list.query({ project })).filter(({ kind }) => kind === 'run');
    expect(told?.body).toContain(
      'attempt 1 of 2, and no other is needed for task a: its change goes on by itself.',
    );
  });

  it('wait at the limit of work in progress, runs counted that are about to claim', async () => {
    await line.owner.plan.put.mutate({ project, text: planOf(1) });
    const first = await spawn('builder', { task: 'a' });
    const second = await spawn('builder', { task: 'b' });
    const judge = await spawn('judge', {});
    const taken = await take();
    expect(taken?.run.id).toBe(first);
    // A run that claims no task is not held.
    expect((await take())?.run.id).toBe(judge);
    expect(await take()).toBeNull();
    const agent = line.client(taken?.token ?? '');
    const { task } = await agent.task.claim.mutate({ project, task: 'a' });
    expect(await take()).toBeNull();
    await agent.task.release.mutate({ project, task: 'a', epoch: task?.epoch ?? 0, why: 'x' });
    await runner.client.run.start.mutate({ project, run: first, runner: 'mine', sandbox: 'none', epoch: 1 });
    expect((await take())?.run.id).toBe(second);
  });

  it('wait for work in progress that overlaps', async () => {
    const first = await spawn('builder', { task: 'a' });
    const second = await spawn('builder', { task: 'c' });
    const taken = await take();
    expect(taken?.run.id).toBe(first);
    expect(await take()).toBeNull();
    const agent = line.client(taken?.token ?? '');
    const { task } = await agent.task.claim.mutate({ project, task: 'a' });
    expect(await take()).toBeNull();
    await runner.client.run.start.mutate({ project, run: first, runner: 'mine', sandbox: 'none', epoch: 1 });
    await agent.task.release.mutate({ project, task: 'a', epoch: task?.epoch ?? 0, why: 'x' });
    expect((await take())?.run.id).toBe(second);
  });

  it('of a reviewer that is lost are made again while the change waits, also when its task is named', async () => {
    const builder = await line.mint('agent:b');
    const { change } = await line.offer(builder, 'a', { 'a/x': '1' });
    await line.until(change, 'judging');
    for (const about of [{ change }, { task: 'a' }]) {
      const lost = await spawn('judge', about);
      expect((await take())?.run.id).toBe(lost);
      await passTime(120_000, line);
      await line.app.workers.tick();
      const again = await waitingRun();
      expect(again).toMatchObject({ attempt: 2, ...about });
      await line.app.gateway.store.rows(statement('', `update runs set state = 'ended' where id = $1`), [
        again?.id,
      ]);
    }
  });
});

it('a pause after an end at once is six times as long, and never longer than a quarter of an hour', () => {
  expect([1, 2, 3].map((attempt) => pauseMs(attempt, 1, 5_000))).toEqual([60_000, 120_000, 240_000]);
  expect(pauseMs(1, 0, 59_999)).toBe(30_000);
  expect(pauseMs(1, 1, 60_000)).toBe(10_000);
  expect(pauseMs(20, 1, 0)).toBe(900_000);
});
