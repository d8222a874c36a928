import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Line, openLine, passTime } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead({ done: 'artefact' })}
limits: { runs: 100 }
agents:
  builder: { tier: implementer, adapter: command, run: "true" }
  auditor: { tier: validator, adapter: command, run: "true" }
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"] }
  pay: { title: Pay, phase: build, write: ["pay/**"], needs: [cart] }
  docs: { title: Docs, phase: build, write: ["docs/**"] }
`;
const rootCause = {
  whys: [{ why: 'a test pulled it', evidence: 'this test' }],
  kind: 'test' as const,
  prevention: 'nothing is wrong',
};

describe.each(enginesOf(import.meta.filename))('runs under a stop, on %s', (engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
  });
  afterAll(() => line.close());

  const spawn = (profile: 'builder' | 'auditor', task?: string) =>
    line.owner.agent.spawn.mutate({ project, profile, ...(task === undefined ? {} : { task }) });
  it('are none for a change that the project does not have', async () => {
    const asked = { project, profile: 'auditor', change: 'chg_01k9zzzzzzzzzzzzzzzzzzzzzz' };
    expect(await codesOf(line.owner.agent.spawn.mutate(asked))).toEqual(['change.missing']);
    expect(await line.owner.run.list.query({ project })).toEqual({ runs: [] });
  });

  const take = async () => {
    const taken = await line.owner.run.take.mutate({ project, runner: 'here', adapters: ['command'] });
    return taken.taken?.run;
  };
  const takeUntil = async (run: string): Promise<void> => {
    for (let taken = await take(); taken?.id !== run; taken = await take())
      if (taken === undefined) throw new Error(`${run} cannot be taken`);
  };
  const pull = (colour: 'red' | 'yellow', scope = 'project') =>
    line.owner.cord.pull.mutate({ project, colour, scope, why: 'wrong' });
  const clear = (stop: string) => line.owner.cord.clear.mutate({ project, stop, rootCause });
  const end = (run: string, more: object = {}) =>
    line.owner.run.end.mutate({
      project,
      run,
      runner: 'here',
      cause: 'exited',
      exitCode: 0,
      signal: null,
      usage: { tokens: 0, usdMicro: 0, turns: 0 },
      verdict: { problem: 'missing' },
      ...more,
    });

  it('are not asked for in the scope of a red one, with a task or without', async () => {
    const { stop } = await pull('red');
    expect(await codesOf(spawn('builder', 'docs'))).toEqual(['line.stopped']);
    expect(await codesOf(spawn('auditor'))).toEqual(['line.stopped']);
    await clear(stop);
  });

  it('are asked for under a yellow one only without a task', async () => {
    const { stop } = await pull('yellow');
    expect(await codesOf(spawn('builder', 'docs'))).toEqual(['line.stopped']);
    const { run } = await spawn('auditor');
    expect((await take())?.id).toBe(run);
    await line.owner.cord.clear.mutate({ project, stop, why: 'looked at it' });
    await end(run);
    const { stops } = await line.owner.cord.status.query({ project });
    for (const { id } of stops) await clear(id);
  });

  it('that were asked for before are started only once the stop is cleared', async () => {
    const { run } = await spawn('builder', 'docs');
    const { stop } = await pull('red', 'task/docs');
    expect(await take()).toBeUndefined();
    const other = await spawn('builder', 'cart');
    expect((await take())?.id).toBe(other.run);
    await clear(stop);
    expect((await take())?.id).toBe(run);
  });

  it('of which sixty are held let a free one behind them through, of another task or of none', async () => {
    const held: string[] = [];
    for (let n = 0; n < 60; n++) held.push((await spawn('builder', 'docs')).run);
    const free = [(await spawn('auditor')).run, (await spawn('builder', 'cart')).run];
    const { stop } = await pull('red', 'task/docs');
    expect([(await take())?.id, (await take())?.id]).toEqual(free);
    expect(await take()).toBeUndefined();
    await clear(stop);
    const { stop: whole } = await pull('red');
    expect(await take()).toBeUndefined();
    await clear(whole);
    expect((await take())?.id).toBe(held[0]);
    for (const run of held) await line.owner.run.stop.mutate({ project, run, why: 'make room' });
  });

  it('that end without a verdict are asked for it once more, and then stop their task, yellow', async () => {
    const ofCart = async () =>
      (await line.owner.run.list.query({ project })).runs.filter(({ task }) => task === 'cart');
    const stopsNow = async () => (await line.owner.cord.status.query({ project })).stops;
    const cart = (await ofCart()).find(({ state }) => state !== 'ended');
    expect((await end(cart?.id ?? '')).outcome).toBe('missing_verdict');
    expect(await stopsNow()).toEqual([]);
    const again = (await ofCart()).find(({ attempt }) => attempt === 2);
    expect(again).toMatchObject({ state: 'waiting', attempt: 2 });
    await passTime(120_000, line);
    await takeUntil(again?.id ?? '');
    expect((await end(again?.id ?? '')).outcome).toBe('missing_verdict');
    const stops = await stopsNow();
    expect(stops).toMatchObject([
      {
        colour: 'yellow',
        cause: 'missing_verdict',
        scope: 'task/cart',
        pulledBy: 'gateway',
        subject: `run/${again?.id}`,
      },
    ]);
    expect(await codesOf(spawn('builder', 'cart'))).toEqual(['line.stopped']);
    await clear(stops[0]?.id ?? '');
  });

  it('leave no yellow stop of the gateway behind on a task that has ended, and touch none of a person', async () => {
    const { run } = await spawn('builder', 'docs');
    await takeUntil(run);
    await end(run);
    const next = (await line.owner.run.list.query({ project })).runs.find(
      ({ task, attempt, state }) => task === 'docs' && attempt === 2 && state === 'waiting',
    );
    await passTime(120_000, line);
    await takeUntil(next?.id ?? '');
    await end(next?.id ?? '');
    const own = await pull('yellow', 'task/docs');
    const stopsNow = async () =>
      (await line.owner.cord.status.query({ project })).stops.map(({ id, pulledBy }) => [id, pulledBy]);
    expect(await stopsNow()).toEqual([
      [expect.stringMatching(/^stp_/), 'gateway'],
      [own.stop, expect.stringMatching(/^human:/)],
    ]);
    await line.owner.task.abandon.mutate({ project, task: 'docs', why: 'not wanted' });
    await line.app.workers.tick();
    expect(await stopsNow()).toEqual([[own.stop, expect.stringMatching(/^human:/)]]);
    const cleared = (await line.events()).filter(({ type }) => type === 'cord.cleared').at(-1);
    expect(cleared).toMatchObject({ actor: 'gateway', data: { why: 'its task is abandoned' } });
    await clear(own.stop);
  });
});
