import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { answer, type CliOptions, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { mustGit } from '../support/gateway.ts';

const example = resolve(import.meta.dirname, '../../examples/shelf');

interface ShownTask {
  readonly state: string;
  readonly attempts: readonly { readonly outcome: string; readonly reasons: readonly string[] }[];
}

describe('a line with a memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-shelf-'));
  let running: Up | undefined;
  afterAll(async () => {
    await running?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('goes on where a builder was killed, mends what a reviewer named, and an error the second time as the first', async () => {
    const work = join(folder, 'shelf');
    cpSync(example, work, { recursive: true });
    const here: CliOptions = { cwd: work, env: cleanEnvironment(join(folder, 'home')) };
    await mustGit(work, ['init', '-q', '-b', 'trunk']);
    await mustGit(work, ['add', '-A']);
    await mustGit(work, ['commit', '-q', '-m', 'Shelf']);
    running = await up(here);
    const followed = ['event', 'follow', '--after', '0', '--type', 'task.done', '--count', '4'];
    expect(await cli(followed, here)).toMatchObject({ exit: 0 });
    const attemptsAt = async (task: string) =>
      (await answer<ShownTask>(['task', 'show', task], here)).attempts.toReversed();
    const outcomesOf = async (task: string) => (await attemptsAt(task)).map(({ outcome }) => outcome);
    const { git } = running.ready;
    expect(await cli(['git', 'pull', '-q', '--ff-only', git, 'trunk'], here)).toMatchObject({ exit: 0 });
    const label = (task: string) => readFileSync(join(work, `labels/${task}.txt`), 'utf8');

    expect((await attemptsAt('bread'))[0]?.reasons.join()).toContain('its run ended: crashed');
    expect(label('bread')).toBe('Bread\nPrice: 3 EUR\n');
    expect(await outcomesOf('buns')).toEqual(['rejected', 'landed']);
    expect(label('buns')).toBe('Price: 1 EUR, holds sesame\n');
    expect(await outcomesOf('rolls')).toEqual(['gate_failed', 'gate_failed', 'landed']);
    // The first attempt knew nothing yet; the second was told what had mended the same error of the rolls.
    expect(await outcomesOf('cakes')).toEqual(['gate_failed', 'landed']);
    expect(label('cakes')).toBe(label('rolls'));
    expect((await cli(['solution', 'list'], here)).stdout).toContain('worked 1 of 1');
    expect((await cli(['cord', 'status'], here)).stdout).toContain('no stop is open');
  });
});
