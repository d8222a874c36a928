import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { approveTogether, landingFaults, queueRuns } from '../support/queue-line.ts';
import { containments, startTestRunner, type TestContainment, type TestRunner } from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'shop';
const tasks = Array.from({ length: 24 }, (_, n) => `t${n}`);
const planOf = (command: string, batch = 1) => `
${planHead({ project })}
landing: { batch: ${batch}, retry: 1 }
gates:
  tests: { run: ${JSON.stringify(command)}, timeout: 1m }
tasks:
${tasks.map((task) => `  ${task}: { title: T, phase: build, write: ["${task}/**"], gates: [tests] }`).join('\n')}
`;
// The files of a change tell its gate how to behave.
const behaves = [
  'test -z "$ANDON_TOKEN" || exit 9',
  'cat README.md',
  'grep -rqs flood t* && head -c 1000000000 /dev/zero | tr "\\0" "\\033"',
  'grep -rqs forks t* && (setsid sleep 300 & setsid sleep 300 &)',
  'grep -rqs slow t* && sleep 20',
  '! grep -rqs broken t*',
].join('; ');

describe.each(containments)('gates on runners, contained by %s', (containment: TestContainment) => {
  let line: Line;
  let builder: Hand;
  let reviewer: Hand;
  let runners: TestRunner[] = [];
  beforeAll(async () => {
    const files = { '.gitattributes': '*.bin filter=lfs -text\n' };
    line = await openLine('pglite', { plan: planOf(behaves), project, files, config: { gatesAtOnceMax: 0 } });
    builder = await line.mint('agent:builder');
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
  });
  afterEach(async () => {
    await Promise.all(runners.map((one) => one.close()));
    runners = [];
  });
  afterAll(() => line?.close());

  async function runner(name: string, gateSlots = 1): Promise<TestRunner> {
    const one = await startTestRunner(line, project, containment, { name, gateSlots });
    runners.push(one);
    return one;
  }
  let next = 0;
  const offer = (text = 'fine') => {
    const task = `t${next++}`;
    return line.offer(builder, task, { [`${task}/x`]: `${text}\n` });
  };
  const gateOf = async (change: string) => (await line.change(change)).gates[0];

  it('carry out gates of submissions and of the queue alike, and main tells who vouches', async () => {
    const begin = await line.main();
    await Promise.all([runner('one'), runner('two')]);
    const work = Array.from({ length: 4 }, () => {
      const task = `t${next++}`;
      return { task, files: { [`${task}/x`]: 'fine\n' } };
    });
    const offered = await approveTogether(line, { builder, reviewer }, work);
    for (const { change } of offered) await line.until(change, 'landed');
    expect(await landingFaults(line, begin)).toEqual([]);
    expect((await queueRuns(line)).length).toBeGreaterThan(0);
    const ended = (await line.events()).filter(({ type }) => type === 'gate.ended');
    expect(new Set(ended.map(({ data }) => data.runner))).toEqual(new Set(['one', 'two']));
    for (const { data } of ended)
      expect(data.containment).toBe(containment === 'bubblewrap' ? 'bubblewrap' : 'other-user');
  });

  it('fail, with the output of the command, and bounded however much there is', async () => {
    await runner('one');
    const broken = await offer('broken');
    await line.until(broken.change, 'refused');
    expect(await gateOf(broken.change)).toMatchObject({ status: 'failed', exitCode: 1, runner: 'one' });
    expect((await gateOf(broken.change))?.output).toContain('andon: files of Git LFS stay pointers');
    const flood = await offer('flood');
    await line.until(flood.change, 'judging');
    expect((await gateOf(flood.change))?.output?.length).toBeLessThan(300_000);
  });

  it('leave no process behind', async () => {
    await runner('one');
    const { change } = await offer('forks');
    await line.until(change, 'judging');
    expect((await gateOf(change))?.status).toBe('passed');
  });

  it('that a runner gives back when it ends run on another one at once', async () => {
    const one = await runner('one');
    const { change } = await offer('slow');
    await waitUntil(async () => one.runner.gates().length === 1);
    await one.close();
    runners = [];
    expect(await gateOf(change)).toMatchObject({ status: 'waiting', runner: null });
    const { stop } = await line.owner.cord.pull.mutate({ project, colour: 'yellow', why: 'no more work' });
    await line.owner.change.withdraw.mutate({ project, change, why: 'the test is over' });
    await line.owner.cord.clear.mutate({ project, stop, why: 'over' });
  });

  it('that nobody waits for any more are ended', async () => {
    const one = await runner('one');
    const { change } = await offer('slow');
    await waitUntil(async () => one.runner.gates().length === 1);
    await line.owner.change.withdraw.mutate({ project, change, why: 'a mistake' });
    await waitUntil(async () => one.runner.gates().length === 0, 12_000);
    const fine = await offer();
    await line.until(fine.change, 'judging');
  });
});
