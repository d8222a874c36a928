import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { shareBytes } from '../../src/sandbox/process-table.ts';

const started: { kill: (signal: 'SIGKILL') => boolean }[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

describe('the memory of one process', () => {
  it('is what it holds', async () => {
    expect(await shareBytes(process.pid)).toBeGreaterThan(10e6);
  });

  it('is nothing once it has ended, read by its parent or not: a look counts what was listed a moment before', async () => {
    // The parent prints its child's number when the child has ended, and does not ask for it.
    const parent = spawn('perl', [
      '-e',
      '$| = 1; pipe R, W; my $p = fork or exit; close W; <R>; print $p; sleep 60',
    ]);
    started.push(parent);
    const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
    await expect.poll(() => shareBytes(Number(printed))).toBe(0);
    const ended = spawn('true');
    await once(ended, 'exit');
    expect(await shareBytes(ended.pid ?? 0)).toBe(0);
  });
});
