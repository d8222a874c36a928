import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli } from '../support/cli.ts';

describe('the sample line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-sample-test-'));
  const home = join(folder, 'home');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('lands every task through refused pushes, a failed gate and a rejection, and counts them from the log', async () => {
    const env = { ...cleanEnvironment(home), TMPDIR: folder };
    const { exit, stdout, stderr } = await cli(['sample', '--exit', '--json'], { cwd: folder, env });
    const lines = stdout.trimEnd().split('\n');
    const steps = lines.map(
      (line) => JSON.parse(line) as { event?: { type: string; data: { reasons?: { code: string }[] } } },
    );
    expect(steps.at(-1), `${stderr}\n${lines.slice(-8).join('\n')}`).toMatchObject({
      done: true,
      tasks: 6,
      landed: 6,
      refused: 3,
      pushesRefused: 3,
      rejected: 1,
      gatesFailed: 1,
      shipped: 3,
    });
    expect(exit).toBe(0);
    const denied = steps.flatMap(({ event }) =>
      event?.type === 'call.denied' ? (event.data.reasons ?? []) : [],
    );
    expect(new Set(denied.map(({ code }) => code))).toEqual(
      new Set(['lease.lost', 'phase.closed', 'scope.write', 'complexity']),
    );
    // The sample leaves nothing behind: neither in the home nor beside it.
    expect(readdirSync(home)).toEqual([]);
    expect(readdirSync(folder)).toEqual(['home']);
  });
});
