import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesWith } from '../support/gate-runner-process.ts';
import { codesOf, type Hand, type Line, openLine, passTime } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import {
  containments,
  endOf,
  startTestRunner,
  type TestContainment,
  type TestRunner,
} from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'shop';
const made = 'mkdir kept && date +%s%N > kept/out && cat package.json > kept/manifest && ls -A > kept/seen';
/** A process that is left over, and would write later. */
const late = `sleep 1.${process.pid}`;
// The files of a change tell its gate what to try on the folder of the stored set-ups.
const attack = (folder: string): string =>
  [
    `echo evil >> ${folder}/*.tar`,
    `for f in ${folder}/*; do mv $f $f.moved; rm -f $f; ln -s /etc/passwd $f; chmod 777 $f; done`,
    `chmod 777 ${folder}`,
    `(setsid sh -c '${late}; echo evil >> ${folder}/*.tar' &)`,
  ].join('; ');
const gate = (folder: string): string =>
  `if ls t* 2>/dev/null | grep -q attack; then ${attack(folder)}; echo evil > kept/out; chmod -R 777 kept; fi; cat kept/out kept/seen kept/manifest; ls t* | grep -q altered && echo evil >> kept/out; true`;

const planOf = (folder: string, setup: string, timeout = '1m'): string => `
${planHead({ project })}
limits: { machine: { disk: 20MB } }
gates:
  tests:
    run: ${JSON.stringify(gate(folder))}
    timeout: ${timeout}
    setup: { run: ${JSON.stringify(setup)}, from: [package.json, .npmrc], keep: [kept], timeout: 3s }
agents:
  prowler: { tier: executive, adapter: command, retries: 0, run: ${JSON.stringify(`${attack(folder)}; echo tried; sleep 2`)} }
tasks:
${Array.from({ length: 16 }, (_, n) => `  t${n}: { title: T, phase: build, write: ["t${n}/**"], gates: [tests] }`).join('\n')}
  block: { title: B, phase: build, write: ["kept/**"], gates: [tests] }
  lock: { title: L, phase: build, write: ["package.json", "tl/**"], unprotect: [npm], gates: [tests] }
`;

describe.each(containments)('the set-up of a gate, contained by %s', (containment: TestContainment) => {
  let line: Line;
  let builder: Hand;
  let runner: TestRunner;
  let store = '';
  const said: string[] = [];
  beforeAll(async () => {
    const files = { 'package.json': '{ "version": "1.0.0" }\n', 'index.js': '// not for set-ups\n' };
    line = await openLine('pglite', { plan: planOf('/nowhere', made), files, config: { gatesAtOnceMax: 0 } });
    builder = await line.mint('agent:builder', { w: ['**'] });
    const log = (words: string) => void said.push(words);
    runner = await startTestRunner(line, project, containment, { name: 'one', gateSlots: 2, log });
    store = join(runner.folder, 'work', 'setups');
    await apply(made);
  });
  afterAll(async () => {
    await runner?.close();
    await line?.close();
  });
  const apply = (setup: string, timeout?: string) =>
    line.owner.plan.put.mutate({ project, text: planOf(store, setup, timeout) });

  let next = 0;
  const offer = (text = 'fine', task = `t${next++}`) =>
    line.offer(builder, task, { [`${task}/${text}`]: text });
  const output = async (change: string): Promise<string[]> => {
    await line.until(change, 'judging');
    return ((await line.change(change)).gates.find(({ status }) => status === 'passed')?.output ?? '').split(
      '\n',
    );
  };
  /** The mark that the set-up left, and what it saw. */
  const outcome = async (change: string) => {
    const [mark = '', ...rest] = await output(change);
    return { mark, rest: rest.filter((one) => one !== '') };
  };
  const entries = () => readdirSync(store).filter((name) => name.endsWith('.tar'));
  const hashes = () =>
    Object.fromEntries(
      readdirSync(store)
        .sort()
        .map((name) => [name, readFileSync(join(store, name), 'latin1')]),
    );

  it('runs once for all, sees the files that it names and nothing else, and each gate gets a copy of its own', async () => {
    const offered = [await offer('altered'), await offer('altered')];
    const both = await Promise.all(offered.map(({ change }) => outcome(change)));
    const third = await outcome((await offer()).change);
    expect(new Set([...both, third].map(({ mark }) => mark)).size).toBe(1);
    expect(third.mark).toMatch(/^\d+$/);
    expect(third.rest).toEqual(['kept', 'package.json', '{ "version": "1.0.0" }']);
    expect(entries()).toHaveLength(1);
  });

  it('stays as it was whatever a gate tries: to write, rename, link, change rights, leave a process', async () => {
    const before = hashes();
    expect(await output((await offer('attack')).change)).toContain('evil');
    await waitUntil(() => processesWith(late).length === 0, 5_000);
    expect(hashes()).toEqual(before);
    expect((await outcome((await offer()).change)).mark).toMatch(/^\d+$/);
  });

  it('stays as it was whatever a run of an agent on the machine tries', async () => {
    const before = hashes();
    const agents = await startTestRunner(line, project, containment, { name: 'agents' });
    try {
      const { run } = await line.owner.agent.spawn.mutate({ project, profile: 'prowler' });
      await endOf(line, project, run);
      expect(hashes()).toEqual(before);
    } finally {
      await agents.close();
    }
    for (const { id } of (await line.owner.cord.status.query({ project })).stops)
      await line.owner.cord.clear.mutate({
        ...{ project, stop: id },
        rootCause: {
          whys: [{ why: 'a test ended it', evidence: 'this test' }],
          kind: 'test',
          prevention: 'none is needed',
        },
      });
  });

  it('is an entry of its own for a change that may alter what it reads, and no other tree reads that', async () => {
    const before = hashes();
    const epoch = (await builder.client.task.claim.mutate({ project, task: 'lock' })).task?.epoch ?? 0;
    const commit = await line.commit({ 'package.json': '{ "version": "6.6.6" }\n', 'tl/attack': 'x' });
    await line.push(builder, `task/lock/${epoch}/work`, commit);
    const { change } = await builder.client.change.submit.mutate({ project, task: 'lock', epoch, commit });
    expect((await output(change)).join(' ')).toContain('6.6.6');
    for (const [name, text] of Object.entries(before)) expect(hashes()[name]).toBe(text);
    expect(entries()).toHaveLength(2);
    const other = await outcome((await offer()).change);
    expect(other.rest.at(-1)).toBe('{ "version": "1.0.0" }');
    expect(entries()).toHaveLength(2);
  });

  it('that a candidate does not take fails the gate of that candidate, and no other', async () => {
    const { change } = await line.offer(builder, 'block', {
      'kept/out/x': 'a folder where a file is unpacked',
    });
    await line.until(change, 'refused');
    const { gates } = await line.change(change);
    expect(gates[0]?.output).toContain('andon: what the set-up made could not be unpacked');
    expect((await outcome((await offer()).change)).mark).toMatch(/^\d+$/);
  });

  it('takes none of the time of the gate', async () => {
    const slow = mkdtempSync('/var/tmp/andon-slow-tar-');
    const path = process.env.PATH ?? '';
    const tar = path
      .split(':')
      .map((one) => join(one, 'tar'))
      .find(existsSync);
    chmodSync(slow, 0o755);
    writeFileSync(join(slow, 'tar'), `#!/bin/sh\nsleep 2\nexec ${tar} "$@"\n`, { mode: 0o755 });
    await apply(made, '1s');
    process.env.PATH = `${slow}:${path}`;
    try {
      const { change } = await offer();
      expect((await outcome(change)).mark).toMatch(/^\d+$/);
      expect((await line.change(change)).gates[0]?.ms).toBeLessThan(2_000);
    } finally {
      process.env.PATH = path;
      rmSync(slow, { recursive: true });
      await apply(made);
    }
  });

  it('is another entry for another command, and cannot reach those of others while it runs', async () => {
    const before = hashes();
    await apply(`${attack(store)}; ${made}`);
    const { mark } = await outcome((await offer()).change);
    expect(mark).toMatch(/^\d+$/);
    await waitUntil(() => processesWith(late).length === 0, 5_000);
    for (const [name, text] of Object.entries(before)) expect(hashes()[name]).toBe(text);
  });

  it('is made anew where its stored copy was altered by somebody who could, which is told', async () => {
    await apply(made);
    const { mark } = await outcome((await offer()).change);
    for (const name of entries()) appendFileSync(join(store, name), 'x');
    const anew = await outcome((await offer()).change);
    expect(anew.mark).toMatch(/^\d+$/);
    expect(anew.mark).not.toBe(mark);
    expect(said.join('\n')).toContain('a stored set-up was altered');
    for (const name of entries()) writeFileSync(join(store, name.replace('.tar', '.sha256')), 'x');
    expect((await outcome((await offer()).change)).mark).not.toBe(anew.mark);
  });

  it.each([
    ['fails', 'echo no registry; exit 3', 'no registry'],
    ['hangs', 'sleep 60', 'time limit'],
    ['fills the disk', 'mkdir kept; head -c 40000000 /dev/zero > kept/x', 'limit'],
    ['keeps nothing', 'true', 'keep kept'],
  ])(
    'that %s blames nobody: the gate waits, and one yellow stop tells of the third time',
    async (_what, setup, words) => {
      await apply(setup);
      const { change } = await offer();
      const times = async () => (await line.change(change)).gates[0]?.setupFails ?? 0;
      for (const n of [1, 2, 3]) {
        await waitUntil(async () => (await times()) >= n, 30_000);
        if (n < 3) expect((await line.owner.cord.status.query({ project })).stops).toEqual([]);
        if (n < 3) await passTime(61_000, line);
      }
      const { stops } = await line.owner.cord.status.query({ project });
      expect(stops).toMatchObject([{ colour: 'yellow', cause: 'setup', pulledBy: 'gateway' }]);
      expect(stops[0]?.why).toContain(
        'the set-up of gate tests has failed 3 times in a row, the last time on one',
      );
      const failed = (await line.events()).filter(({ type }) => type === 'setup.failed');
      expect(failed.at(-1)?.data.why).toContain(words);
      expect((await line.change(change)).state).toBe('gating');
      await apply(`${made} # ${setup}`);
      await passTime(61_000, line);
      expect((await outcome(change)).mark).toMatch(/^\d+$/);
      expect((await line.owner.cord.status.query({ project })).stops).toEqual([]);
      next -= 1;
      await line.owner.change.withdraw.mutate({ project, change, why: 'again' });
    },
  );

  it('reads protected files only: a plan with another is refused', async () => {
    const text = planOf(store, made).replace('[package.json, .npmrc]', '[package.json, index.js]');
    expect(await codesOf(line.owner.plan.put.mutate({ project, text }))).toEqual(['plan.invalid']);
    const named = text.replace('version: 1\n', 'version: 1\nprotect: [index.js]\n');
    await line.owner.plan.put.mutate({ project, text: named });
  });
});
