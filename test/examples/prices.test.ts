import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { answer, type CliOptions, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { mustGit } from '../support/gateway.ts';

const example = resolve(import.meta.dirname, '../../examples/prices');
const pools = readFileSync(join(example, 'andon.yaml'), 'utf8');
const reviewPool = 'run: sh tools/review.sh, pool: 1';
const triggered = `${pools.replace(reviewPool, 'run: sh tools/review.sh')}triggers:
  review: { on: verdict.requested, spawn: reviewer, for: event }
`;

interface ShownTask {
  readonly state: string;
  readonly attempts: readonly { readonly outcome: string; readonly reasons: readonly string[] }[];
}

describe('a line that runs by itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-prices-'));
  let running: Up | undefined;
  afterEach(async () => {
    await running?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['a pool of reviewers', pools],
    ['a trigger that asks for a review', triggered],
  ])(
    'lands a task without a hand from init on, through a failed gate and a rejection, with %s',
    async (_what, plan) => {
      const work = join(folder, 'prices');
      cpSync(example, work, { recursive: true });
      rmSync(join(work, 'andon.yaml'));
      const here: CliOptions = { cwd: work, env: cleanEnvironment(join(folder, 'home')) };
      await mustGit(work, ['init', '-q', '-b', 'trunk']);
      await mustGit(work, ['add', '-A']);
      await mustGit(work, ['commit', '-q', '-m', 'Prices']);
      expect(await cli(['init', '--project', 'prices'], here)).toMatchObject({ exit: 0 });
      writeFileSync(join(work, 'andon.yaml'), plan);
      running = await up(here);
      const followed = ['event', 'follow', '--after', '0', '--type', 'task.done', '--count', '1'];
      expect(await cli(followed, here)).toMatchObject({ exit: 0 });
      const { state, attempts } = await answer<ShownTask>(['task', 'show', 'total'], here);
      expect(state).toBe('done');
      expect(attempts.map(({ outcome }) => outcome)).toEqual(['landed', 'rejected', 'gate_failed']);
      expect(attempts[1]?.reasons.join()).toContain('say what it returns');
      expect(attempts[2]?.reasons.join('\n')).toContain('# fail 1');
      const { git } = running.ready;
      expect(await cli(['git', 'pull', '-q', '--ff-only', git, 'trunk'], here)).toMatchObject({ exit: 0 });
      expect(readFileSync(join(work, 'src/total.js'), 'utf8')).toBe(
        '/** The sum of two prices. */\nexport const total = (a, b) => a + b;\n',
      );
      expect((await cli(['cord', 'status'], here)).stdout).toContain('no stop is open');
    },
  );
});
