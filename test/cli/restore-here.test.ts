import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answer, cleanEnvironment, cli, up } from '../support/cli.ts';
import { sourceRepository } from '../support/gateway.ts';
import { waitUntil } from '../support/wait.ts';

const folder = mkdtempSync(join(tmpdir(), 'andon-here-'));
let here: { cwd: string; env: Record<string, string> };
beforeAll(async () => {
  here = {
    cwd: await sourceRepository({ 'README.md': '# shop\n' }),
    env: cleanEnvironment(join(folder, 'home')),
  };
  await answer(['init', '--project', 'shop'], here);
});
afterAll(() => {
  for (const one of [folder, here.cwd]) rmSync(one, { recursive: true, force: true });
});
const database = () => join(here.cwd, '.andon/db');
const report = () => cli(['report', 'write', 'report', '--title', 't', '--body', 'b', '--json'], here);

it('a database that is older than the state folder remembers only reads, says what to do, and that works', async () => {
  const first = await up(here, '--no-runner');
  expect(await first.end()).toBe(0);
  cpSync(database(), join(folder, 'db'), { recursive: true });
  const backup = join(folder, 'backup');
  expect((await cli(['backup', backup], here)).exit).toBe(0);
  const second = await up(here, '--no-runner');
  for (let n = 0; n < 3; n++) expect((await report()).exit).toBe(0);
  expect(await second.end()).toBe(0);

  // The state after a loss of power.
  rmSync(database(), { recursive: true });
  cpSync(join(folder, 'db'), database(), { recursive: true });
  expect(JSON.parse((await cli(['doctor', '--json'], here)).stdout)).toMatchObject({
    ok: false,
    findings: expect.arrayContaining([expect.objectContaining({ check: 'log', status: 'fault' })]),
  });
  const third = await up(here, '--no-runner');
  await waitUntil(() => /THE LOG IS BELOW ITS MARK: \d+ of \d+ positions are missing/.test(third.said()));
  const refused = await report();
  expect([refused.exit, refused.stdout]).toEqual([7, expect.stringContaining('log.below')]);
  expect((await cli(['audit', 'verify'], here)).exit).toBe(7);
  expect((await cli(['status'], here)).stdout).toContain('THE LOG IS BELOW ITS MARK');
  expect((await cli(['restore', '--here'], here)).exit).toBe(2);
  const accepted = await cli(['restore', '--here', '--reason', 'the power failed'], here);
  expect([accepted.exit, accepted.stdout]).toEqual([0, expect.stringMatching(/accepted: \d+ positions/)]);
  expect((await report()).exit).toBe(0);
  expect((await cli(['audit', 'verify'], here)).exit).toBe(0);
  expect(await third.end()).toBe(0);

  // A backup older than the mark is restored by `restore`, which lowers the mark and records that in the log.
  for (const one of ['db', 'repos']) rmSync(join(here.cwd, '.andon', one), { recursive: true });
  const restored = await cli(['restore', backup], here);
  expect(restored.exit, restored.stderr).toBe(0);
  const fourth = await up(here, '--no-runner');
  expect(fourth.said()).not.toContain('BELOW');
  const { stdout } = await cli(['event', 'list', '--json', '--limit', '200', '--project', '*'], here);
  expect(stdout).toContain('restored from a backup');
  expect(await fourth.end()).toBe(0);
});
