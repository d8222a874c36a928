import { afterEach, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Line, openLine, passTime } from '../../support/line.ts';
import { lookAtPools, runsOf } from '../../support/pools.ts';

const project = 'shop';
const tasks = `
  a: { title: A, phase: build, write: ["a/**"] }
  b: { title: B, phase: build, write: ["b/**"] }
  c: { title: C, phase: build, write: ["c/**"] }
`;
const planOf = (builder: string, work = tasks, runs = 50): string => `
version: 1
project: ${project}
done: artefact
lease: 60s
phases: [build]
limits: { runs: ${runs} }
agents:
  lead: { tier: executive }
  builder: { tier: implementer, adapter: command, run: "true", ${builder} }
  other: { tier: implementer, skills: [sql] }
tasks:${work}`;
const rootCause = {
  whys: [{ why: 'a test pulled it', evidence: 'this test' }],
  kind: 'test' as const,
  prevention: 'nothing is wrong',
};
const seen = {
  cause: 'exited' as const,
  exitCode: 1,
  signal: null,
  usage: { tokens: 0, usdMicro: 0, turns: 0 },
  verdict: { problem: 'missing' as const },
};
const quarter = 900_000;

describe.each(enginesOf(import.meta.filename))('a pool, on %s', (engine) => {
  let line: Line;
  afterEach(() => line.close());

  const open = async (plan: string): Promise<void> => {
    line = await openLine(engine, { plan });
  };
  const take = async () =>
    (await line.owner.run.take.mutate({ project, runner: 'mine', adapters: ['command'] })).taken?.run;
  const end = (run: string, more: object = {}) =>
    line.owner.run.end.mutate({ project, run, runner: 'mine', ...seen, ...more });
  const look = () => lookAtPools(line);
  const builders = () => runsOf(line, project, 'builder');
  const alive = async () => (await builders()).filter(({ state }) => state !== 'ended');
  const stops = async () => (await line.owner.cord.status.query({ project })).stops;
  const pull = (colour: 'red' | 'yellow', scope: string) =>
    line.owner.cord.pull.mutate({ project, colour, scope, why: 'wrong' });
  /** Takes a run and lets it crash; answers its task. */
  const crash = async (): Promise<string> => {
    const run = await take();
    if (run === undefined) throw new Error('no run waits');
    expect(await end(run.id)).toMatchObject({ outcome: 'crashed' });
    return run.task ?? '';
  };

  it('asks for nothing in the scope of a stop, and begins when the stop is cleared', async () => {
    await open(planOf(''));
    const red = await pull('red', 'project');
    const yellow = await pull('yellow', 'task/a');
    await line.owner.plan.put.mutate({ project, text: planOf('pool: 3') });
    await look();
    expect(await builders()).toEqual([]);
    await line.owner.cord.clear.mutate({ project, stop: red.stop, rootCause });
    await look();
    expect((await alive()).map(({ task }) => task).sort()).toEqual(['b', 'c']);
    await line.owner.cord.clear.mutate({ project, stop: yellow.stop, why: 'looked at it' });
    await look();
    expect((await alive()).map(({ task }) => task).sort()).toEqual(['a', 'b', 'c']);
  });

  it('takes what its profile may take, the most urgent first, and no two tasks that overlap', async () => {
    const work = `
  skilled: { title: S, phase: build, write: ["src/s/**"], requires: [sql] }
  outside: { title: O, phase: build, write: ["docs/**"] }
  whole: { title: W, phase: build, write: ["src/w/**"] }
  part: { title: P, phase: build, write: ["src/w/part/**"], priority: critical }
  late: { title: L, phase: build, write: ["src/l/**"], needs: [whole] }
  last: { title: L, phase: build, write: ["src/z/**"], priority: low }
`;
    await open(planOf('write: ["src/**"], pool: 1', work));
    await look();
    expect((await builders()).map(({ task }) => task)).toEqual(['part']);
    await line.owner.plan.put.mutate({ project, text: planOf('write: ["src/**"], pool: 9', work) });
    await look();
    expect((await builders()).map(({ task }) => task)).toEqual(['part', 'last']);
    expect((await builders()).map(({ spawner, trigger }) => [spawner, trigger])).toEqual(
      Array(2).fill(['human:owner', expect.stringMatching(/^trg_/)]),
    );
    await look();
    expect(await builders()).toHaveLength(2);
  });

  it('counts runs that somebody else asked for, and stays below the limit of runs', async () => {
    await open(planOf('pool: 2', tasks, 3).replace('pool: 2', 'retries: 0'));
    await line.owner.agent.spawn.mutate({ project, profile: 'builder', task: 'b' });
    await line.owner.plan.put.mutate({ project, text: planOf('pool: 2', tasks, 3) });
    await look();
    expect((await builders()).map(({ task }) => task)).toEqual(['b', 'a']);
    await line.owner.plan.put.mutate({ project, text: planOf('pool: 9', tasks, 2) });
    await look();
    expect(await builders()).toHaveLength(2);
    expect((await line.owner.trigger.show.query({ project, name: 'pool-builder' })).refused).toBe(0);
  });

  it('leaves a task whose attempts are used up until it is resumed, and waits for a retry', async () => {
    await open(planOf('retries: 1, pool: 1'));
    await look();
    const first = await crash();
    await look();
    expect(await alive()).toMatchObject([{ task: first, attempt: 2, state: 'waiting' }]);
    expect(await take()).toBeUndefined();
    await passTime(quarter, line);
    expect(await crash()).toBe(first);
    await look();
    const [second] = await alive();
    expect(second).toMatchObject({ attempt: 1 });
    expect(second?.task).not.toBe(first);
    expect(await stops()).toEqual([]);
    await line.owner.trigger.pause.mutate({ project, name: 'pool-builder' });
    await line.owner.run.stop.mutate({ project, run: second?.id ?? '', why: 'make room' });
    await look();
    expect(await alive()).toEqual([]);
    await line.owner.trigger.resume.mutate({ project, name: 'pool-builder' });
    await look();
    expect(await alive()).toMatchObject([{ task: first, attempt: 1 }]);
  });

  it('is paused with its retries after three runs without progress, and nobody else is', async () => {
    await open(planOf('retries: 2, pool: 2'));
    await look();
    for (let ended = 0; ended < 3; ended++) {
      await crash();
      await passTime(quarter, line);
    }
    await look();
    expect(await stops()).toMatchObject([
      { colour: 'yellow', scope: 'pool/builder', cause: 'pool', pulledBy: 'gateway', count: 1 },
    ]);
    expect((await alive()).length).toBeGreaterThan(0);
    expect(await take()).toBeUndefined();
    const { run } = await line.owner.agent.spawn.mutate({ project, profile: 'builder', task: 'c' });
    expect((await take())?.id).toBe(run);
    const [stop] = await stops();
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    await lead.client.cord.clear.mutate({ project, stop: stop?.id ?? '', why: 'the program is back' });
    expect((await take())?.id).toMatch(/^run_/);
    await look();
    expect(await stops()).toEqual([]);
  });

  it('is not paused by the end of runners, or by runs that somebody ended', async () => {
    await open(planOf('retries: 9, pool: 1'));
    await look();
    for (const cause of ['runner_ended', 'crash', 'crash', 'lost_lease', 'runner_ended'] as const) {
      const run = await take();
      await end(run?.id ?? '', cause === 'crash' ? {} : { cause });
      await passTime(quarter, line);
      await look();
    }
    const waits = (await alive())[0]?.id ?? '';
    await line.owner.run.stop.mutate({ project, run: waits, why: 'enough' });
    await look();
    expect(await stops()).toEqual([]);
    expect(await alive()).toHaveLength(1);
    // None of these was progress either: one more crash is the third in a row.
    await crash();
    await look();
    expect(await stops()).toMatchObject([{ cause: 'pool' }]);
  });

  it('works under the grant of whoever applied the plan, and after its end for whoever resumes it', async () => {
    await open(planOf(''));
    const ada = await line.mint('human:ada', { tier: 'human' });
    const { stop } = await pull('red', 'project');
    await ada.client.plan.put.mutate({ project, text: planOf('pool: 2') });
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: ada.grant, why: 'left' });
    await line.owner.cord.clear.mutate({ project, stop, rootCause });
    const pool = () => line.owner.trigger.show.query({ project, name: 'pool-builder' });
    await look();
    const { refused } = await pool();
    expect(refused).toBeGreaterThan(0);
    for (const _again of [1, 2]) await look();
    expect(await pool()).toMatchObject({ kind: 'pool', owner: 'human:ada', refused });
    expect(await builders()).toEqual([]);
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    const resume = { project, name: 'pool-builder' };
    expect(await codesOf(lead.client.trigger.resume.mutate(resume))).toEqual(['trigger.owner']);
    await passTime(61_000, line);
    await look();
    expect(await pool()).toMatchObject({ refused: refused + 1 });
    await line.owner.trigger.resume.mutate(resume);
    for (const _again of [1, 2]) await look();
    expect((await alive()).map(({ spawner }) => spawner)).toEqual(Array(2).fill('human:owner'));
    expect(await pool()).toMatchObject({ owner: 'human:owner', refused: refused + 1 });
  });

  it('is changed by people alone, and not fired by hand', async () => {
    await open(planOf('pool: 1'));
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    const more = { project, text: planOf('pool: 2') };
    expect(await codesOf(lead.client.plan.put.mutate(more))).toEqual(['grant.tier']);
    expect(await codesOf(line.owner.trigger.fire.mutate({ project, name: 'pool-builder' }))).toEqual([
      'trigger.action',
    ]);
    await line.owner.plan.put.mutate({ project, text: planOf('') });
    expect(await line.owner.trigger.list.query({ project })).toEqual([]);
  });
});
