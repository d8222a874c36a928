import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, type CliOptions, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { mustGit, write } from '../support/gateway.ts';
import { waitUntil } from '../support/wait.ts';

describe('andon trigger', () => {
  let folder: string;
  let checkout: CliOptions;
  let gateway: Up;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-trigger-'));
    checkout = { cwd: join(folder, 'mine'), env: cleanEnvironment(join(folder, 'home')) };
    await mustGit(folder, ['init', '-q', '-b', 'main', 'mine']);
    write(join(folder, 'mine'), { 'README.md': '# shop\n', 'bin/tell': '#!/bin/sh\ncat\n' });
    chmodSync(join(folder, 'mine/bin/tell'), 0o755);
    await mustGit(join(folder, 'mine'), ['add', '-A']);
    await mustGit(join(folder, 'mine'), ['commit', '-q', '-m', 'first']);
    await cli(['init', '--project', 'shop'], checkout);
    gateway = await up(checkout, '--port', '0', '--command', 'tell=bin/tell');
  });
  afterAll(async () => {
    await gateway.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('creates, previews, fires, tells, pauses, resumes and deletes', async () => {
    const thought = [
      'trigger',
      'preview',
      '--spec',
      '{ cron: "0 9 * * *", zone: Europe/Berlin, command: tell }',
    ];
    expect(await answer<{ times: string[] }>(thought, checkout)).toMatchObject({ reasons: [] });
    await answer(['trigger', 'create', 'tell', '--spec', '{ every: 1h, command: tell }'], checkout);
    await answer(['trigger', 'fire', 'tell'], checkout);
    const history = () => answer<{ fires: { delivery: string }[] }>(['trigger', 'history', 'tell'], checkout);
    await waitUntil(async () => (await history()).fires[0]?.delivery === 'done');
    const { stdout } = await cli(['trigger', 'list'], checkout);
    expect(stdout).toMatch(/tell +periodic +active .* 1 +0 +0 +fired +human:owner/);
    expect(await answer(['trigger', 'pause', 'tell'], checkout)).toMatchObject({ state: 'paused' });
    expect(await answer(['trigger', 'resume', 'tell'], checkout)).toMatchObject({ state: 'active' });
    await answer(['trigger', 'delete', 'tell'], checkout);
    expect((await cli(['trigger', 'show', 'tell'], checkout)).exit).toBe(5);
  });

  it('ends with the status of wrong use for what can never come', async () => {
    const never = await cli(
      ['trigger', 'create', 'x', '--spec', '{ cron: "0 0 30 2 *", command: tell }'],
      checkout,
    );
    expect([never.exit, never.stderr.includes('trigger.time')]).toEqual([2, true]);
    expect((await cli(['trigger', 'create', 'x'], checkout)).exit).toBe(2);
    expect(
      (await cli(['trigger', 'create', 'x', '--spec', '{ every: 1h, command: rm }'], checkout)).exit,
    ).toBe(5);
  });
});
