import { afterEach, describe, expect, it } from 'vitest';
import { mustGit } from '../../support/gateway.ts';
import { type Hand, type Line, type Offered, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { approveTogether, landingFaults, moveMainBeside, queueRuns } from '../../support/queue-line.ts';
import { rootCause } from '../../support/root-cause.ts';
import { sized } from '../../support/size.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const chain = sized(9, 50);
const many = sized(16, 500);
const minute = 60_000;

interface Gate {
  readonly run: string;
  readonly timeout?: string;
}

/** Disjoint tasks `t…`, a chain `c…` in which each needs the one before, and two tasks on one file. */
const planOf = ({ run, timeout = '30s' }: Gate, count = 16): string => `
${planHead({ project })}
landing: { batch: 8, retry: 1 }
gates:
  tests: { run: ${JSON.stringify(run)}, timeout: ${timeout} }
tasks:
${Array.from({ length: count }, (_, n) => `  t${n}: { title: T, phase: build, write: ["src/t${n}/**"], gates: [tests] }`).join('\n')}
${Array.from({ length: chain }, (_, n) => `  c${n}: { title: C, phase: build, write: ["src/c${n}/**"], gates: [tests], done: approved${n === 0 ? '' : `, needs: [c${n - 1}]`} }`).join('\n')}
  left: { title: L, phase: build, write: ["src/one.js"], gates: [tests], done: approved }
  right: { title: R, phase: build, write: ["src/one.js"], gates: [tests], done: approved }
`;
const quick = { run: 'true' };
const one = (task: string) => ({ task, files: { [`src/${task}/a.js`]: `export const a = '${task}';\n` } });
const tasks = (count: number) => Array.from({ length: count }, (_, n) => one(`t${n}`));

describe('the landing queue under pressure', { timeout: 5 * minute }, () => {
  let line: Line;
  let builder: Hand;
  let reviewer: Hand;
  let begin: string;
  afterEach(() => line.close());

  const open = async (count?: number): Promise<void> => {
    line = await openLine('postgres', {
      plan: planOf(quick, count),
      files: { 'src/one.js': 'export {};\n' },
    });
    const budget = { commits: 10_000, files: 10_000, lines: 100_000 };
    builder = await line.mint('agent:builder', { budget });
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    begin = await line.main();
  };
  const together = (work: Parameters<typeof approveTogether>[2], meanwhile: () => Promise<unknown>) =>
    approveTogether(line, { builder, reviewer }, work, async () => {
      await meanwhile();
    });
  const setGate = (gate: Gate) => line.owner.plan.put.mutate({ project, text: planOf(gate) });
  const approve = ({ change, tree }: Offered) =>
    reviewer.client.verdict.approve.mutate({ project, change, tree });
  const states = (offered: readonly Offered[]): Promise<string[]> =>
    Promise.all(offered.map(async ({ change }) => (await line.change(change)).state));
  const untilEnded = (offered: readonly Offered[]) =>
    waitUntil(
      async () => (await states(offered)).every((state) => state === 'landed' || state === 'refused'),
      4 * minute,
    );
  const landedOrder = async (): Promise<string[]> =>
    (await line.events())
      .filter(({ type }) => type === 'change.landed')
      .map(({ subject }) => subject.replace('change/', ''));
  const pull = async (scope: string): Promise<string> =>
    (await line.owner.cord.pull.mutate({ project, colour: 'red', scope, why: 'later' })).stop;
  const stops = async () => (await line.owner.cord.status.query({ project })).stops;

  it(`lands a chain of ${chain} in its order, of which each needs the one before`, async () => {
    await open();
    const offered: Offered[] = [];
    let stop = '';
    for (let n = 0; n < chain; n++) {
      const { task, files } = one(`c${n}`);
      const next = await line.offer(builder, task, files, offered.at(-1)?.commit);
      await line.until(next.change, 'judging');
      if (n === 0) stop = await pull('task/c0');
      await approve(next);
      offered.push(next);
    }
    await line.owner.cord.clear.mutate({ project, stop, rootCause });
    await untilEnded(offered);
    expect(await landedOrder()).toEqual(offered.map(({ change }) => change));
    expect(await landingFaults(line, begin)).toEqual([]);
    expect((await queueRuns(line)).length).toBeLessThanOrEqual(2 * Math.ceil(chain / 8));
  });

  it('refuses every change when all are bad, each by a gate that main passes, and leaves main alone', async () => {
    await open();
    const offered = await together(tasks(8), () =>
      setGate({
        run: 'test ! -e src/t0 -a ! -e src/t1 -a ! -e src/t2 -a ! -e src/t3 -a ! -e src/t4 -a ! -e src/t5 -a ! -e src/t6 -a ! -e src/t7',
      }),
    );
    await untilEnded(offered);
    expect(new Set(await states(offered))).toEqual(new Set(['refused']));
    expect(await line.main()).toBe(begin);
    for (const { change } of offered)
      expect((await line.change(change)).note).toMatch(/^gate tests failed with this change on main/);
    expect(await stops()).toEqual([]);
  });

  it('keeps its promises with a gate that fails one time in five, and counts the trees that passed as well', async () => {
    await open();
    const coin = 'test $(( $(od -An -N1 -tu1 /dev/urandom) % 5 )) -ne 0';
    const offered = await together(tasks(sized(8, 16)), () => setGate({ run: coin }));
    for (;;) {
      // A main that fails by chance stops nobody for long: a person clears the stop, or the next run of the gate does.
      const open = (await stops()).filter(({ cause }) => cause === 'main');
      for (const { id } of open)
        await line.owner.cord.clear.mutate({ project, stop: id, why: 'by chance' }).catch(() => undefined);
      const now = await states(offered);
      if (now.every((state) => state === 'landed' || state === 'refused')) break;
      await line.app.workers.tick();
    }
    expect(await landingFaults(line, begin)).toEqual([]);
    const byTree = new Map<string, Set<string>>();
    for (const { tree, status } of await queueRuns(line))
      byTree.set(tree, (byTree.get(tree) ?? new Set()).add(status));
    const flaky = [...byTree.values()].filter((seen) => seen.has('passed') && seen.has('failed')).length;
    const told = (await line.events()).filter(({ type }) => type === 'gate.flaky').length;
    expect(told).toBe(flaky);
  });

  it('refuses the second of two that conflict with each other inside a stack, and lands what stands around them', async () => {
    await open();
    // Both tasks are done with their approval, so both may hold the one file.
    const left = await line.offer(builder, 'left', { 'src/one.js': 'export const a = 1;\n' });
    await line.until(left.change, 'judging');
    const stop = await pull('task/left');
    await approve(left);
    const right = await line.offer(builder, 'right', { 'src/one.js': 'export const b = 2;\n' });
    const [around] = await together([one('t1')], async () => {
      await line.until(right.change, 'judging');
      await approve(right);
      await line.owner.cord.clear.mutate({ project, stop, rootCause });
    });
    const offered = [left, right, around as Offered];
    await untilEnded(offered);
    expect((await states(offered)).sort()).toEqual(['landed', 'landed', 'refused']);
    const notes = await Promise.all(offered.map(async ({ change }) => (await line.change(change)).note));
    expect(notes.join()).toContain('conflicts in src/one.js');
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('lets the batch under test land before those that are cleared meanwhile, and stand at the end since', async () => {
    await open();
    const gate = { run: 'test ! -e src/t3 && { test ! -e src/t8 || sleep 1; }' };
    const offered = await together(tasks(12), () => setGate(gate));
    await untilEnded(offered);
    const order = await landedOrder();
    const tested = offered.slice(8).map(({ change }) => change);
    expect(order.slice(0, tested.length)).toEqual(tested);
    expect(order).toHaveLength(11);
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('lands on the main of the moment when main moves under a batch that is tested', async () => {
    await open();
    const offered = await together(tasks(6), () => setGate({ run: 'sleep 1' }));
    await waitUntil(async () => (await queueRuns(line)).some(({ status }) => status === 'running'));
    const beside = await moveMainBeside(line, { 'beside.txt': 'beside\n' });
    await untilEnded(offered);
    expect(new Set(await states(offered))).toEqual(new Set(['landed']));
    const folder = line.app.gateway.git.folderOf(project);
    await mustGit(folder, ['merge-base', '--is-ancestor', beside, 'main']);
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('blames nobody for a gate that never ends, and lands all once it does', async () => {
    await open();
    const offered = await together(tasks(3), () => setGate({ run: 'sleep 1000', timeout: '1s' }));
    await waitUntil(async () => (await stops()).some(({ cause }) => cause === 'main'), minute);
    expect(await states(offered)).toEqual(['approved', 'approved', 'approved']);
    await setGate(quick);
    await untilEnded(offered);
    expect(new Set(await states(offered))).toEqual(new Set(['landed']));
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it(`lands ${many} that were approved at once, eight by eight`, async () => {
    await open(many);
    const before = (await queueRuns(line)).length;
    const offered = await together(tasks(many), () => moveMainBeside(line, { 'moved.txt': 'moved\n' }));
    await untilEnded(offered);
    expect(new Set(await states(offered))).toEqual(new Set(['landed']));
    expect((await queueRuns(line)).length - before).toBe(Math.ceil(many / 8));
    expect(await landingFaults(line, begin)).toEqual([]);
  });
});
