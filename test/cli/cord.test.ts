import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, type CliOptions, cli } from '../support/cli.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead({ done: 'artefact' })}
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"] }
  pay: { title: Pay, phase: build, needs: [cart], write: ["pay/**"] }
`;
const cause = `
whys:
  - { why: the tests passed on broken code, evidence: change chg_1 }
  - { why: the gate ran no tests, evidence: output of the gate }
kind: test
prevention: the gate fails when it ran nothing
`;

describe('the cord at the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-cord-'));
  let gateway: TestGateway;
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway('pglite');
    await gateway.owner.project.create.mutate({ project: 'shop' });
    await gateway.owner.plan.put.mutate({ project: 'shop', text: plan });
    const minted = await gateway.owner.token.mint.mutate({
      project: 'shop',
      agent: 'agent:builder',
      cap: {},
    });
    token = join(folder, 'builder');
    writeFileSync(token, minted.token ?? '', { mode: 0o600 });
    writeFileSync(join(folder, 'cause.yaml'), cause);
  });
  afterAll(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const options = (file: string): CliOptions => ({
    cwd: folder,
    env: { ANDON_URL: gateway.url, ANDON_PROJECT: 'shop', ANDON_TOKEN_FILE: file },
  });
  const owner = (...args: string[]) => cli(args, options(gateway.app.owner.file));
  const builder = (...args: string[]) => cli(args, options(token));
  const pulled = (...args: string[]) =>
    answer<{ stop: string; colour: string; scope: string }>(['cord', 'pull', ...args], options(token));

  it('is pulled, seen first in the status, and keeps claims away with status 7 until a human clears it', async () => {
    const { stop } = await pulled('--red', '--why', 'the tests lie');
    const short = `${stop.slice(0, 4)}${stop.slice(-8)}`;
    const status = await owner('status');
    expect(status.exit).toBe(0);
    expect(status.stdout.split('\n')[0]).toMatch(
      new RegExp(`^RED stop ${short} on project, .* by agent:builder$`),
    );
    const shown = await builder('cord', 'status');
    expect(shown.exit).toBe(7);
    expect(shown.stdout).toContain('why: the tests lie');
    expect(shown.stdout).toContain(`andon cord clear ${short} --root-cause file.yaml`);
    for (const args of [
      ['task', 'claim'],
      ['task', 'claim', 'cart'],
      ['task', 'next'],
    ]) {
      const ended = await builder(...args);
      expect([args.join(' '), ended.exit]).toEqual([args.join(' '), 7]);
      expect(ended.stdout + ended.stderr).toContain('red on project, by agent:builder');
    }
    const waits = await builder('task', 'claim', '--wait', '--timeout', '1s');
    expect(waits.exit).toBe(3);
    expect((await builder('cord', 'clear', short, '--root-cause', 'cause.yaml')).exit).toBe(4);
    expect((await owner('cord', 'clear', short, '--why', 'fine')).exit).toBe(2);
    const cleared = await owner('cord', 'clear', short, '--root-cause', 'cause.yaml');
    expect(cleared.stdout).toBe(`${short} is cleared\n`);
    expect((await owner('cord', 'clear', short, '--root-cause', 'cause.yaml')).exit).toBe(6);
    const runs = await builder('cord', 'status');
    expect([runs.exit, runs.stdout]).toEqual([0, 'the line runs: no stop is open\n']);
    expect((await builder('task', 'next')).exit).toBe(0);
  });

  it('takes the root cause as options, each why with its evidence', async () => {
    const { stop } = await pulled('--red', '--scope', 'workflow/cart', '--why', 'wrong');
    const root = ['--kind', 'tooling', '--prevention', 'a check of the tool'];
    const lame = await owner('cord', 'clear', stop, '--why', 'it broke', ...root);
    expect(lame.exit).toBe(2);
    expect(lame.stderr).toContain('1 --why, 0 --evidence');
    const whys = [
      '--why',
      'it broke',
      '--evidence',
      'the log',
      '--why',
      'the tool lied',
      '--evidence',
      'line 3',
    ];
    expect((await owner('cord', 'clear', stop, ...whys, ...root)).exit).toBe(0);
    const log = await answer<{ stops: { id: string; rootCause: unknown }[]; medianSeconds: number }>(
      ['cord', 'log'],
      options(token),
    );
    expect(log.stops[0]?.rootCause).toEqual({
      whys: [
        { why: 'it broke', evidence: 'the log' },
        { why: 'the tool lied', evidence: 'line 3' },
      ],
      kind: 'tooling',
      prevention: 'a check of the tool',
    });
    expect(log.medianSeconds).toBeGreaterThan(0);
    const told = await builder('cord', 'log');
    expect(told.stdout).toContain('workflow/cart');
    expect(told.stderr).toMatch(/2 stops, 0 open; time to clear: median \d+ s/);
  });

  it('holds every project for who has a grant on all of them, and clears that as any other', async () => {
    expect((await builder('cord', 'pull', '--scope', 'all', '--why', 'x')).exit).toBe(4);
    const all = await owner('cord', 'pull', '--red', '--scope', 'all', '--why', 'a key leaked');
    const [id = ''] = all.stdout.split(' ');
    expect((await builder('task', 'claim')).exit).toBe(7);
    expect((await owner('cord', 'clear', id, '--root-cause', 'cause.yaml')).exit).toBe(0);
    expect((await builder('cord', 'status')).exit).toBe(0);
  });

  it('tells a root cause that cannot be read by its place', async () => {
    const { stop } = await pulled('--yellow', '--why', 'slow');
    writeFileSync(join(folder, 'broken.yaml'), 'whys: [\n');
    writeFileSync(join(folder, 'short.yaml'), 'kind: test\n');
    expect((await owner('cord', 'clear', stop, '--root-cause', 'broken.yaml')).exit).toBe(2);
    expect((await owner('cord', 'clear', stop, '--root-cause', 'nowhere.yaml')).exit).toBe(2);
    const short = await owner('cord', 'clear', stop, '--root-cause', 'short.yaml');
    expect(short.exit).toBe(2);
    expect(short.stderr).toContain('rootCause.whys');
    expect((await builder('cord', 'clear', stop, '--why', 'went on')).exit).toBe(0);
  });

  it('writes to inboxes, which are read with andon inbox', async () => {
    const first = await owner('inbox');
    expect(first.stdout).toContain('red stop on project: the tests lie');
    expect((await owner('inbox', '--read')).exit).toBe(0);
    expect((await owner('inbox')).stdout).toBe('no messages\n');
    expect((await owner('inbox', '--all')).stdout).toContain('the tests lie');
  });
});
