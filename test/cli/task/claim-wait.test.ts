import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli, start } from '../../support/cli.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const planOf = (limits: string): string => `
${planHead({ project })}
limits: { ${limits} }
gates: { look: { by: validator } }
tasks:
  held: { title: Held, phase: build, write: ["src/held/**"], gates: [look], priority: high }
  next: { title: Next, phase: build, write: ["src/next/**"] }
`;

describe('a time behind --wait', () => {
  it('is told where it goes, unless it is the name of a task', async () => {
    const line = await openLine('pglite', {
      plan: `${planOf('wipPerAgent: 1')}  5m: { title: M, phase: build, write: [m] }\n`,
    });
    const home = mkdtempSync(join(tmpdir(), 'andon-claim-time-'));
    try {
      const { token } = await line.mint('agent:builder');
      const env = {
        ...cleanEnvironment(home),
        ANDON_URL: line.url,
        ANDON_TOKEN: token,
        ANDON_PROJECT: project,
      };
      const claim = (...args: string[]) => cli(['task', 'claim', ...args], { cwd: home, env });
      const bare = await claim('--wait', '60');
      expect([bare.exit, bare.stderr]).toEqual([2, expect.stringContaining('60, which is read as a task')]);
      expect(bare.stderr).toContain('andon task claim --wait --timeout 10m');
      expect((await claim('--wait', '2h')).stderr).toContain('2h, which is read as a task');
      expect((await claim('60')).exit).toBe(5);
      expect((await claim('--wait', 'missing')).exit).toBe(5);
      expect((await claim('--wait', '5m')).stdout).toMatch(/^5m {2}epoch 1/);
    } finally {
      await line.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe('a claim that waits at a limit of work in progress', () => {
  let folder: string;
  let line: Line;
  let holder: Hand;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-claim-wait-'));
  });
  afterEach(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The agent takes the one task that the limit allows. */
  async function takes(limits: string) {
    line = await openLine('pglite', { plan: planOf(limits) });
    holder = await line.mint('agent:builder');
    const { task } = await holder.client.task.claim.mutate({ project });
    expect(task?.id).toBe('held');
    return { task: 'held', epoch: task?.epoch ?? 0 };
  }

  /** Begins to wait under the name of the agent; answers the end of the command. */
  async function waits() {
    const { token = '' } = await line.mint('agent:builder');
    const env = {
      ...cleanEnvironment(join(folder, 'home')),
      ...{ ANDON_URL: line.url, ANDON_PROJECT: project, ANDON_TOKEN: token },
    };
    const child = start(['task', 'claim', '--wait', '--timeout', '60s'], { cwd: folder, env });
    const told = { out: '', err: '' };
    child.stdout?.setEncoding('utf8').on('data', (words: string) => (told.out += words));
    child.stderr?.setEncoding('utf8').on('data', (words: string) => (told.err += words));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    // It names the limit that holds it.
    await waitUntil(async () => /; waiting\n {2}wip\.\w+/.test(told.err));
    return async () => [await ended, told.out];
  }
  const tookNext = [0, expect.stringContaining('next  epoch 1')];

  it.each(['wip: 1', 'wipPerAgent: 1'])('goes on when work is submitted, with %s', async (limits) => {
    const { task, epoch } = await takes(limits);
    const ended = await waits();
    const commit = await line.commit({ 'src/held/a.js': 'export const a = 1;\n' });
    await line.push(holder, `task/${task}/${epoch}/work`, commit);
    await holder.client.change.submit.mutate({ project, task, epoch, commit });
    expect(await ended()).toEqual(tookNext);
  });

  it('goes on when somebody else is given what the agent held', async () => {
    const { task } = await takes('wipPerAgent: 1');
    const ended = await waits();
    await line.owner.task.steal.mutate({ project, task, to: 'agent:other', why: 'sooner' });
    expect(await ended()).toEqual(tookNext);
  });
});
