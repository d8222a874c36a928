import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { examineTurns } from '../../../src/cli/doctor/turns.ts';
import { turnFileOf } from '../../../src/cli/loop-watch/loop-watch.ts';
import { readTurns } from '../../../src/cli/loop-watch/turn-file.ts';
import { stopFor } from '../../support/stop-for.ts';

const fixture = fileURLToPath(new URL('../../support/watched-loop.ts', import.meta.url));

describe('a watched loop', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-loop-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the fixture to its end; `then` may act on it once it spins. */
  async function run(what: string, then: (pid: number) => Promise<void> = async () => undefined) {
    const file = turnFileOf(join(folder), 'gateway');
    rmSync(file, { force: true });
    const child = spawn(process.execPath, ['--import', 'tsx', fixture, what, file]);
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    await then(child.pid ?? 0);
    const [, signal] = await ended;
    return { signal, out, err, turns: readTurns(file) };
  }

  it('that does not turn is told, then ends its process; doctor says so', async () => {
    const { signal, out, err, turns } = await run('spin');
    expect([signal, out]).toEqual(['SIGKILL', 'spins\n']);
    expect(turns.map(({ process, ended }) => [process, ended])).toEqual([
      ['gateway', false],
      ['gateway', true],
    ]);
    expect(err).toContain('has used');
    expect(err).toContain('ends itself');
    const found = examineTurns(folder, Date.now());
    expect(found).toMatchObject([{ status: 'fault', subject: 'gateway' }, { status: 'ok' }]);
  });

  it('is told only, while a long statement works', async () => {
    const { signal, out, turns } = await run('marked');
    expect([signal, out]).toEqual([null, 'spins\nturns\n']);
    expect(turns.map(({ ended }) => ended)).toEqual([false]);
    expect(examineTurns(folder, Date.now())[0]).toMatchObject({ status: 'note' });
    expect(examineTurns(folder, Date.now() + 25 * 3_600_000)[0]).toMatchObject({ status: 'ok' });
  });

  it('that turns, and one that was stopped, are left alone', async () => {
    const { signal, out, turns } = await run('turn', async (pid) => {
      process.kill(pid, 'SIGSTOP');
      stopFor(4_000);
      process.kill(pid, 'SIGCONT');
    });
    expect([signal, out, turns]).toEqual([null, 'spins\nturns\n', []]);
  });
});
