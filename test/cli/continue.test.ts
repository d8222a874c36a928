import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli } from '../support/cli.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead()}
tasks:
  cart: { title: "Cart\\u202e", phase: build, write: ["src/cart/**"], description: "All of it" }
`;

describe('andon continue and andon checkpoint', () => {
  let line: Line;
  let builder: Hand;
  const folder = mkdtempSync(join(tmpdir(), 'andon-continue-'));
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    builder = await line.mint('agent:builder');
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]) => {
    const env = cleanEnvironment(join(folder, 'home'));
    const where = { ANDON_URL: line.url, ANDON_PROJECT: project, ANDON_TOKEN: builder.token };
    return cli(args, { cwd: folder, env: { ...env, ...where } });
  };

  it('tell where the agent stands, before and after it says so', async () => {
    expect((await run('continue')).stdout).toContain('You hold no task. Next: andon task claim (cart).');
    expect((await run('checkpoint', '--done', 'x')).exit).toBe(2);
    await run('task', 'claim');
    expect((await run('checkpoint')).stderr).toContain('nothing said');
    const said = ['--done', 'add()', '--next', 'write total()', '--blocker', 'no rates'];
    expect((await run('checkpoint', ...said)).stdout).toBe(
      'cart: checkpoint of epoch 1; the executives hear of 1 blocker\n',
    );
    const { stdout, exit } = await run('continue');
    expect(exit).toBe(0);
    expect(stdout.split('\n')[0]).toBe(
      'Resuming cart. Last session completed "add()". Next: "write total()". Blockers: see below.',
    );
    expect(stdout).toContain('> blocked by: no rates');
    // A title must not steer the terminal.
    expect(stdout).not.toContain('\u202e');
    expect(JSON.parse((await run('continue', '--json')).stdout).tokens).toBeLessThanOrEqual(1500);
  });

  it('give more only with a reason', async () => {
    expect((await run('continue', '--more', 'description')).exit).toBe(2);
    const why = ['--cause', 'ambiguity', '--why', 'net or gross?'];
    expect((await run('continue', '--more', 'description', ...why)).stdout).toContain('> All of it');
    expect((await run('continue', 'nowhere')).exit).toBe(5);
  });

  it('answer as a hook of Claude Code, and never fail as one', async () => {
    const { stdout, exit } = await run('continue', '--hook');
    expect(exit).toBe(0);
    const { hookSpecificOutput: told } = JSON.parse(stdout);
    expect(told.hookEventName).toBe('SessionStart');
    expect(told.additionalContext).toContain('Resuming cart.');
    for (const args of [['--url', 'http://127.0.0.1:1'], ['nowhere']]) {
      const failed = await run('continue', '--hook', ...args);
      expect(failed.exit).toBe(0);
      expect(JSON.parse(failed.stdout).hookSpecificOutput.additionalContext).toContain(
        'Andon gave no briefing',
      );
    }
  });
});
