import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtMain } from '../support/cli.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { containments, endOf, pathFor } from '../support/runner.ts';
import { timeSlack } from '../support/slack.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'pool';
const leaseMs = 2_000;
/** Marks the sleeps of this process's agents by their seconds: tests of another checkout may run. */
const mark = 1_000_000 + process.pid;
const plan = (): string => `version: 1
project: ${project}
done: landed
lease: 2s
phases: [build]
limits: { runs: 60 }
agents:
  sleeper: { tier: implementer, adapter: command, retries: 0, run: "setsid sleep ${mark}1 & nohup setsid sleep ${mark}2 >/dev/null 2>&1 & sleep ${mark}3" }
  short: { tier: executive, adapter: command, run: "andon report write report --title here --body $ANDON_RUN --json >/dev/null && sleep 3 && printf '{\\"version\\":1,\\"run\\":\\"%s\\",\\"result\\":\\"shipped\\",\\"summary\\":\\"wrote\\"}' $ANDON_RUN > $ANDON_VERDICT" }
  light: { tier: executive, adapter: command, retries: 0, run: "while [ ! -e $ANDON_VERDICT ]; do sleep 1; done" }
tasks:
${Array.from({ length: 8 }, (_, n) => `  t${n}: { title: T, phase: build, write: ["t${n}/**"] }`).join('\n')}
`;

interface RunnerProcess {
  readonly child: ChildProcess;
  kill(): Promise<void>;
}

describe.each(containments)('a runner that is killed, contained by %s', (containment) => {
  let gateway: TestGateway;
  let source: string;
  let path: string;
  const folder = mkdtempSync(join(tmpdir(), 'andon-runners-'));
  const started: RunnerProcess[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway('postgres');
    source = await sourceRepository({ 'a.ts': 'export const a = 1;\n' });
    await gateway.owner.project.create.mutate({ project, source });
    await gateway.owner.plan.put.mutate({ project, text: plan() });
    path = pathFor(containment);
  });
  afterAll(async () => {
    for (const one of started) await one.kill();
    await gateway?.close();
    for (const one of [source, folder, ...(containment === 'other' ? [path] : [])])
      rmSync(one, { recursive: true, force: true });
  });

  async function startRunner(name: string, capacity = 8): Promise<RunnerProcess> {
    const { token = '' } = await gateway.owner.token.mint.mutate({
      project,
      agent: `runner:${name}`,
      cap: {
        role: 'RUNNER',
        budget: { tokens: 0, usdMicro: 0, commits: 0, files: 0, lines: 0, children: 0 },
      },
    });
    const args = [
      'runner',
      '--name',
      name,
      '--capacity',
      String(capacity),
      '--folder',
      join(folder, name),
      '--json',
    ];
    const env = { PATH: path, HOME: folder, ANDON_URL: gateway.url, ANDON_TOKEN: token };
    const child = spawn(process.execPath, [builtMain(), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    await Promise.race([
      new Promise<void>((resolve) =>
        createInterface({ input: child.stdout ?? process.stdin }).once('line', () => resolve()),
      ),
      gone.then(() => Promise.reject(new Error(said))),
    ]);
    const runner = {
      child,
      kill: async () => {
        child.kill('SIGKILL');
        await gone;
      },
    };
    started.push(runner);
    return runner;
  }

  const spawnFor = async (profile: string, task?: string): Promise<string> =>
    (await gateway.owner.agent.spawn.mutate({ project, profile, ...(task === undefined ? {} : { task }) }))
      .run;
  const stateOf = async (id: string) =>
    (await gateway.owner.task.list.query({ project })).find((one) => one.id === id)?.state;

  const stateOfRun = async (run = '') => (await gateway.owner.run.show.query({ project, run })).state;

  it('leaves nothing alive, its run ends as lost_lease and its task is free within the lease and five seconds', async () => {
    const runner = await startRunner(`killed-${containment}`);
    const run = await spawnFor('sleeper', 't0');
    await waitUntil(() => sleepers().length >= 3);
    await runner.kill();
    const killedMs = performance.now();
    await waitUntil(() => sleepers().length === 0, 5_000);
    expect(await endOf(gateway, project, run)).toMatchObject({ outcome: 'lost_lease' });
    await waitUntil(async () => (await stateOf('t0')) === 'ready');
    const tookMs = performance.now() - killedMs;
    console.log(
      `${containment}: the task was free ${Math.round(tookMs)} ms after the kill, lease ${leaseMs} ms`,
    );
    expect(tookMs).toBeLessThan(leaseMs + 5_000 * timeSlack);
  });

  it('kills what its runs started, when it is killed while another run is being prepared', async () => {
    const runner = await startRunner(`early-${containment}`);
    const runs = [
      await spawnFor('sleeper', 't1'),
      await spawnFor('sleeper', 't2'),
      await spawnFor('sleeper', 't3'),
    ];
    await waitUntil(() => sleepers().length >= 1);
    await runner.kill();
    await waitUntil(() => sleepers().length === 0, 5_000);
    const left = await startRunner(`later-${containment}`);
    for (const run of runs)
      expect((await endOf(gateway, project, run)).outcome).toMatch(/lost_lease|cancelled|no_progress/);
    await left.kill();
  });

  it('goes on when it is full and is asked for more: every run ends, and its memory stays', async () => {
    const runner = await startRunner(`full-${containment}`, 1);
    const runs = [await spawnFor('short')];
    await waitUntil(async () => (await stateOfRun(runs[0])) === 'running');
    // The bell rings for each of these runs while there is no room.
    for (let n = 0; n < 2; n++) runs.push(await spawnFor('short'));
    for (const run of runs) expect((await endOf(gateway, project, run)).outcome).toBe('shipped');
    const { rssMb, cpuSeconds } = consumed(runner.child.pid ?? 0);
    console.log(
      `${containment}: ${rssMb} MB and ${cpuSeconds} s of CPU after ${runs.length} runs, one at a time`,
    );
    expect(rssMb).toBeLessThan(300);
    expect(cpuSeconds).toBeLessThan(20);
    await runner.kill();
  });

  it('ends its runs in order on SIGTERM, and says how', async () => {
    const runner = await startRunner(`term-${containment}`);
    const run = await spawnFor('sleeper', 't4');
    await waitUntil(() => sleepers().length >= 3);
    runner.child.kill('SIGTERM');
    expect(await endOf(gateway, project, run)).toMatchObject({
      outcome: 'lost_lease',
      note: expect.stringContaining('runner ended'),
    });
    expect(sleepers()).toEqual([]);
  });

  it('keeps a run alive over many leases, as long as it lives itself', async () => {
    const runner = await startRunner(`patient-${containment}`);
    const run = await spawnFor('short');
    expect(await endOf(gateway, project, run)).toMatchObject({ outcome: 'shipped' });
    await runner.kill();
  });
});

describe('many runs', () => {
  it('fifty at once cost less than a gigabyte of the runner and gateway, and one more is refused by the limit of the plan', async () => {
    const gateway = await startTestGateway('postgres');
    const source = await sourceRepository({ 'a.ts': 'export const a = 1;\n' });
    const folder = mkdtempSync(join(tmpdir(), 'andon-many-'));
    const path = pathFor('bubblewrap');
    try {
      await gateway.owner.project.create.mutate({ project, source });
      await gateway.owner.plan.put.mutate({
        project,
        text: plan().replace('runs: 60', 'runs: 50').replace('lease: 2s', 'lease: 60s'),
      });
      const { token = '' } = await gateway.owner.token.mint.mutate({
        project,
        agent: 'runner:many',
        cap: {
          role: 'RUNNER',
          budget: { tokens: 0, usdMicro: 0, commits: 0, files: 0, lines: 0, children: 0 },
        },
      });
      const args = [
        builtMain(),
        'runner',
        '--name',
        'many',
        '--capacity',
        '60',
        '--folder',
        join(folder, 'r'),
      ];
      const child = spawn(process.execPath, args, {
        env: { PATH: path, HOME: folder, TMPDIR: tmpdir(), ANDON_URL: gateway.url, ANDON_TOKEN: token },
        stdio: 'ignore',
      });
      for (let n = 0; n < 50; n++) await gateway.owner.agent.spawn.mutate({ project, profile: 'light' });
      await expect(gateway.owner.agent.spawn.mutate({ project, profile: 'light' })).rejects.toThrow(
        /limits.runs/,
      );
      await waitUntil(
        async () =>
          (await gateway.owner.run.list.query({ project, states: ['running'], limit: 100 })).runs.length ===
          50,
        60_000,
      );
      const bytes = residentBytes(child.pid ?? 0);
      console.log(`fifty runs: the runner holds ${Math.round(bytes / 1e6)} MB`);
      expect(bytes).toBeLessThan(1e9);
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
      const { runs } = await gateway.owner.run.list.query({ project, limit: 100 });
      expect(new Set(runs.map(({ state }) => state))).toEqual(new Set(['ended']));
    } finally {
      await gateway.close();
      for (const one of [source, folder]) rmSync(one, { recursive: true, force: true });
    }
  });
});

/** Process ids of the sleeps that the agents of these tests start. */
function sleepers(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandOf(pid).includes(`\x00${mark}`));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** Memory and processor time of a process so far. */
function consumed(pid: number): { rssMb: number; cpuSeconds: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  const cpuSeconds = (Number(stat[11]) + Number(stat[12])) / 100;
  return { rssMb: Math.round(residentBytes(pid) / 1024 ** 2), cpuSeconds };
}

function residentBytes(pid: number): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kilobytes) * 1024;
}
