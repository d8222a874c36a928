import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GitPort } from '../../src/changes/git-port.ts';
import { readQueue, readSuspects, suspectGates } from '../../src/changes/queue/world.ts';
import { readProject } from '../../src/tasks/rows.ts';
import { enginesOf } from '../support/engines.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'shop';
const planOf = (run: string): string => `
${planHead({ project })}
gates:
  tests: { run: ${JSON.stringify(run)}, timeout: 30s }
  lint: { run: "true", timeout: 30s }
tasks:
  one: { title: O, phase: build, write: ["src/one/**"], gates: [tests, lint] }
  two: { title: T, phase: build, write: ["src/two/**"], gates: [tests, lint] }
  three: { title: T, phase: build, write: ["src/three/**"], gates: [tests, lint] }
  good: { title: G, phase: build, write: ["src/good/**"], gates: [tests, lint] }
  bad: { title: B, phase: build, write: ["src/bad/**"], gates: [tests, lint] }
  worse: { title: W, phase: build, write: ["src/worse/**"], gates: [tests, lint] }
`;
const files = (task: string, name = 'a') => ({ [`src/${task}/${name}.js`]: `export const a = '${task}';\n` });

describe.each(enginesOf(import.meta.filename))('a gate that submissions fail, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let epoch: number | undefined;
  beforeAll(async () => {
    line = await openLine(engine, { plan: planOf('exit 1') });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line.close());

  const stops = async () => (await line.owner.cord.status.query({ project })).stops;
  const onMain = async () =>
    (await line.events()).filter(
      ({ type, subject }) => type === 'gate.ended' && subject === `project/${project}`,
    );
  const suspects = async () => (await readSuspects(line.app.gateway.store, project)).map(({ gate }) => gate);
  const submit = async (task: string, name?: string): Promise<string | null> => {
    const { change } = await line.offer(builder, task, files(task, name));
    await line.until(change, 'refused');
    return (await line.change(change)).note;
  };

  it('costs a queue without work no git', async () => {
    const git = new Proxy({} as GitPort, { get: (_, name) => expect.fail(`git was asked: ${String(name)}`) });
    const session = line.app.gateway.store;
    const reading = { session, git, slots: async () => 1, nowMs: Date.now, steers: async () => false };
    expect(await readQueue(reading, project)).toBeUndefined();
  });

  it('is tried on main when two tasks fail it, and told by one yellow stop when main fails it, too', async () => {
    const { task } = await builder.client.task.claim.mutate({ project, task: 'three' });
    epoch = task?.epoch;
    expect(await submit('one')).toBe('gate tests failed');
    expect(await submit('one', 'b')).toBe('gate tests failed');
    // A task alone may be there to mend what its gate tests.
    expect(await suspects()).toEqual([]);
    expect(await submit('two')).toBe('gate tests failed');
    expect(await suspects()).toEqual(['tests']);
    await waitUntil(async () => (await stops()).length > 0);
    const [stop] = await stops();
    expect(stop).toMatchObject({ colour: 'yellow', cause: 'main' });
    expect(stop?.why).toMatch(/^main fails gate tests at /);
    expect((await onMain()).map(({ data }) => [data.gate, data.passed])).toEqual([
      ['tests', false],
      ['tests', false],
    ]);
  });

  it('holds new claims meanwhile, and tells whoever was at work that main fails, too', async () => {
    const claimed = await builder.client.task.claim.mutate({ project, task: 'good' }).catch(String);
    expect(claimed).toContain('main fails gate tests');
    const work = await line.commit(files('three'));
    await line.push(builder, `task/three/${epoch}/work`, work);
    const submitted = await builder.client.change.submit.mutate({
      project,
      task: 'three',
      epoch: epoch ?? 0,
      commit: work,
    });
    await line.until(submitted.change, 'refused');
    expect((await line.change(submitted.change)).note).toBe('gate tests failed, which main fails, too');
    expect(await stops()).toHaveLength(1);
  });

  it('counts on the main and under the entry of the plan that it failed with, and nowhere else', async () => {
    const { store } = line.app.gateway;
    const plan = (await readProject(store, project))?.plan ?? undefined;
    const found = await readSuspects(store, project);
    expect(suspectGates(found, await line.main(), plan)).toEqual(['tests']);
    expect(suspectGates(found, 'another main', plan)).toEqual([]);
    const older = found.map((one) => ({ ...one, definition: 'another entry' }));
    expect(suspectGates(older, await line.main(), plan)).toEqual([]);
  });

  it('ends its stop by itself when the plan has mended the gate', async () => {
    await line.owner.plan.put.mutate({ project, text: planOf('test ! -e src/bad') });
    await waitUntil(async () => (await stops()).length === 0);
    expect((await onMain()).at(-1)?.data).toMatchObject({ gate: 'tests', passed: true });
  });

  it('is not tried on main when somebody passed it there', async () => {
    await line.owner.plan.put.mutate({ project, text: planOf('test ! -e src/bad -a ! -e src/worse') });
    const { change } = await line.offer(builder, 'good', files('good'));
    await line.until(change, 'judging');
    // That of the gate as it was declared before stays on record.
    const before = await suspects();
    for (const task of ['bad', 'worse']) expect(await submit(task)).toBe('gate tests failed');
    expect(await suspects()).toEqual(before);
    expect(await stops()).toEqual([]);
  });
});
