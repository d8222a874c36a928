import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtMain } from '../support/cli.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type OtherNetwork, openNetwork, whyNoNetwork } from '../support/network-namespace.ts';
import { containments, endOf, pathFor } from '../support/runner.ts';
import { timeSlack } from '../support/slack.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'far';
const leaseMs = 3_000;
// The agent's child ignores requests to end, and its token lies where a test that watches from outside finds
// it.
const plan = `version: 1
project: ${project}
done: landed
lease: ${leaseMs}ms
phases: [build]
agents:
  digger: { tier: implementer, adapter: command, retries: 0, run: "trap '' TERM; setsid sleep 8765431 & while :; do sleep 0.2; : 8765432; done" }
  short: { tier: executive, adapter: command, run: "andon report write report --title here --body b --json && printf '{\\"version\\":1,\\"run\\":\\"%s\\",\\"result\\":\\"shipped\\",\\"summary\\":\\"wrote\\"}' $ANDON_RUN > $ANDON_VERDICT" }
tasks:
  far: { title: T, phase: build, write: ["far/**"] }
`;

const missing = whyNoNetwork();
if (missing !== undefined) {
  console.error(
    `\n${'*'.repeat(80)}\nSKIPPED: a runner in another network namespace: ${missing}\n${'*'.repeat(80)}\n`,
  );
}

describe.skipIf(missing !== undefined).each(containments)(
  'a runner on another network that is cut off and comes back, contained by %s',
  (containment) => {
    let network: OtherNetwork;
    let gateway: TestGateway;
    let source: string;
    let runner: ChildProcess;
    let said = '';
    let path = '';
    const folder = mkdtempSync(join(tmpdir(), 'andon-far-'));

    beforeAll(async () => {
      const main = builtMain();
      // The separate user of a run has to enter the run's folder.
      chmodSync(folder, 0o711);
      network = openNetwork();
      gateway = await startTestGateway('postgres', {
        config: { host: network.address, hosts: [network.address], behindProxy: true },
      });
      source = await sourceRepository({ 'a.ts': 'export const a = 1;\n' });
      await gateway.owner.project.create.mutate({ project, source });
      await gateway.owner.plan.put.mutate({ project, text: plan });
      path = pathFor(containment);
      const { token = '' } = await gateway.owner.token.mint.mutate({
        project,
        agent: 'runner:far',
        cap: {
          role: 'RUNNER',
          budget: { tokens: 0, usdMicro: 0, commits: 0, files: 0, lines: 0, children: 0 },
        },
      });
      const [program = '', ...inside] = network.inside;
      const options = ['--name', 'far', '--capacity', '2', '--folder', join(folder, 'runner'), '--keep'];
      runner = spawn(program, [...inside, process.execPath, main, 'runner', ...options], {
        env: {
          PATH: `${path}:/usr/sbin:/sbin`,
          HOME: folder,
          TMPDIR: tmpdir(),
          ANDON_URL: gateway.url,
          ANDON_TOKEN: token,
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      runner.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    });
    afterAll(async () => {
      const gone = new Promise((resolve) => runner?.once('exit', resolve));
      if (runner?.kill('SIGKILL')) await gone;
      await gateway?.close();
      network?.close();
      for (const one of [source, folder, ...(containment === 'other' ? [path] : [])])
        rmSync(one, { recursive: true, force: true });
    });

    const task = async () => (await gateway.owner.task.list.query({ project }))[0];

    it('loses its run within the lease, kills what it started, reports in vain and takes the next', async () => {
      const { run } = await gateway.owner.agent.spawn.mutate({ project, profile: 'digger', task: 'far' });
      await waitUntil(() => diggers().length >= 2);
      await waitUntil(async () => (await gateway.owner.run.show.query({ project, run })).state === 'running');
      const token = readFileSync(join(folder, 'runner', 'runs', run, 'token'), 'utf8').trim();
      expect((await gateway.client(token).token.explain.query({ project })).agent).toMatch(/^agent:digger/);

      network.cut();
      const cutMs = performance.now();
      const seen = { deadMs: 0, freeMs: 0 };
      await waitUntil(
        async () => {
          const nowMs = performance.now() - cutMs;
          if (seen.deadMs === 0 && diggers().length === 0) seen.deadMs = nowMs;
          if (seen.freeMs === 0 && (await task())?.state === 'ready') seen.freeMs = nowMs;
          return seen.deadMs > 0 && seen.freeMs > 0;
        },
        3 * leaseMs + 10_000,
      );
      console.log(
        `${containment}: nothing alive ${Math.round(seen.deadMs)} ms after the cut, task free after ${Math.round(seen.freeMs)} ms, lease ${leaseMs} ms`,
      );
      // A second for looking and killing on a busy machine.
      expect(seen.deadMs).toBeLessThan(leaseMs + 1_000 * timeSlack);
      expect(seen.freeMs).toBeLessThan(leaseMs + 5_000 * timeSlack);
      expect(await endOf(gateway, project, run)).toMatchObject({ outcome: 'lost_lease' });
      const dead = gateway.client(token).task.ask.mutate({ project, task: 'far', question: 'x' });
      await expect(dead).rejects.toThrow(/token\.revoked/);

      await waitUntil(() => performance.now() - cutMs > 2 * leaseMs);
      network.mend();
      await waitUntil(() => said.includes(`${run} was given up by the gateway`), 30_000);
      const log = async () => (await gateway.owner.event.list.query({ project, limit: 1000 })).events;
      await waitUntil(async () =>
        JSON.stringify((await log()).filter(({ allowed }) => !allowed)).includes('run.lost'),
      );
      const ends = (await log()).filter(
        ({ type, subject }) => type === 'run.ended' && subject === `run/${run}`,
      );
      expect(ends).toHaveLength(1);

      const next = await gateway.owner.agent.spawn.mutate({ project, profile: 'short' });
      expect(await endOf(gateway, project, next.run, 40_000)).toMatchObject({ outcome: 'shipped' });
      expect(runner.exitCode).toBeNull();
    });
  },
);

/** Process ids of the agent of this test and its children. */
function diggers(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return /876543[12]/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      } catch {
        return false;
      }
    });
}
