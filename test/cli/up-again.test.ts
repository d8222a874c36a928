import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { answer, cleanEnvironment, cli, up } from '../support/cli.ts';
import { createEmptyDatabase } from '../support/engines.ts';
import { sourceRepository } from '../support/gateway.ts';

const home = mkdtempSync(join(tmpdir(), 'andon-again-'));
const made: string[] = [home];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});
const repository = async (): Promise<string> => {
  const cwd = await sourceRepository({ 'README.md': '# shop\n' });
  made.push(cwd);
  return cwd;
};
const env = cleanEnvironment(home);

describe('a gateway that comes back', () => {
  it.each([
    ['half-written', 'tasks: [\n'],
    ['of no known shape', 'nonsense: true\n'],
    ['unsound', 'gates: { }\n'],
  ])('goes on with the plan that was applied when andon.yaml is %s, and says so', async (_name, added) => {
    const cwd = await repository();
    await answer(['init'], { cwd, env });
    const first = await up({ cwd, env }, '--no-runner');
    const { project } = first.ready;
    expect(await first.end()).toBe(0);
    appendFileSync(join(cwd, 'andon.yaml'), added);
    const second = await up({ cwd, env }, '--no-runner');
    expect(second.ready.project).toBe(project);
    const tasks = await answer<{ id: string }[]>(['task', 'list'], { cwd, env });
    expect(tasks.map(({ id }) => id)).toEqual(['first-note']);
    expect(await second.end()).toBe(0);
  });

  it('does not start for the first time on a plan that nobody can read', async () => {
    const cwd = await repository();
    writeFileSync(join(cwd, 'andon.yaml'), 'version: 1\nproject: shop\ntasks: [\n');
    const { exit, stdout } = await cli(['up', '--no-runner', '--json'], { cwd, env });
    expect(exit).toBe(2);
    expect(stdout).toContain('plan.invalid');
  });
});

describe('two gateways at once on a fresh folder and a fresh database', () => {
  it.each([1, 2, 3])('both come up with one project, one plan and one key, round %i', async () => {
    const cwd = await repository();
    await answer(['init'], { cwd, env });
    const both = { cwd, env: { ...env, DATABASE_URL: await createEmptyDatabase() } };
    const [one, other] = await Promise.all([
      up(both, '--no-runner', '--port', '0'),
      up(both, '--no-runner', '--port', '0'),
    ]);
    expect(one.ready.url).not.toBe(other.ready.url);
    for (const { url, project, tokenFile } of [one.ready, other.ready]) {
      const named = { ANDON_URL: url, ANDON_PROJECT: project, ANDON_TOKEN_FILE: tokenFile };
      const tasks = await answer<{ id: string }[]>(['task', 'list'], { cwd, env: { ...both.env, ...named } });
      expect(tasks.map(({ id }) => id)).toEqual(['first-note']);
    }
    expect(await Promise.all([one.end(), other.end()])).toEqual([0, 0]);
  });
});
