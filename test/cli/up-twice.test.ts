import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { answer, cleanEnvironment, up } from '../support/cli.ts';
import { createEmptyDatabase } from '../support/engines.ts';
import { sourceRepository } from '../support/gateway.ts';

const home = mkdtempSync(join(tmpdir(), 'andon-twice-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('two gateways of one folder on one PostgreSQL serve the same project, and either may be ended', async () => {
  const cwd = await sourceRepository({ 'README.md': '# shop\n' });
  writeFileSync(join(cwd, '.gitignore'), '');
  const env = { ...cleanEnvironment(home), DATABASE_URL: await createEmptyDatabase() };
  await answer(['init'], { cwd, env });
  const first = await up({ cwd, env }, '--no-runner');
  const second = await up({ cwd, env }, '--no-runner', '--port', '0');
  expect(second.ready.url).not.toBe(first.ready.url);
  expect(second.ready.tokenFile).toBe(first.ready.tokenFile);
  for (const { url } of [first.ready, second.ready]) {
    const tasks = await answer<{ id: string }[]>(['task', 'list'], {
      cwd,
      env: {
        ...env,
        ANDON_URL: url,
        ANDON_PROJECT: first.ready.project,
        ANDON_TOKEN_FILE: first.ready.tokenFile,
      },
    });
    expect(tasks.map(({ id }) => id)).toEqual(['first-note']);
  }
  expect(await first.end()).toBe(0);
  // The file that names the gateway of this folder is the second one's, and stays.
  expect(await answer<{ id: string }[]>(['task', 'list'], { cwd, env })).toHaveLength(1);
  expect(await second.end()).toBe(0);
});
