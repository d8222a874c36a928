import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePlan } from '../../src/plan/parse.ts';
import { cleanEnvironment, cli } from '../support/cli.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { containments, endOf, outputOf, startTestRunner, type TestRunner } from '../support/runner.ts';

const file = resolve(import.meta.dirname, '../../templates/team.yaml');
const text = readFileSync(file, 'utf8');
const [containment] = containments;

describe('the team of templates/team.yaml', () => {
  let gateway: TestGateway;
  let runner: TestRunner;
  let source: string;
  const home = mkdtempSync(join(tmpdir(), 'andon-team-'));
  beforeAll(async () => {
    gateway = await startTestGateway('pglite');
    source = await sourceRepository({ 'README.md': '# shop\n' });
    await gateway.owner.project.create.mutate({ project: 'shop', source });
    runner = await startTestRunner(gateway, 'shop', containment);
  });
  afterAll(async () => {
    await runner?.close();
    await gateway?.close();
    for (const one of [source, home]) rmSync(one, { recursive: true, force: true });
  });

  it('is applied as it is', async () => {
    const env = { ...cleanEnvironment(home), ANDON_URL: gateway.url, ANDON_TOKEN: gateway.ownerToken() };
    const applied = await cli(['plan', 'apply', file, '--project', 'shop'], { env });
    expect(applied.exit, applied.stderr).toBe(0);
    expect(Object.keys(parsePlan(text).agents)).toEqual(['executive', 'implementer', 'validator']);
  });

  it.each(['executive', 'implementer', 'validator'])(
    'tells its %s who it is, and what its plan adds',
    async (tier) => {
      // The same plan, with agents that only print their instructions.
      const told = text
        .replaceAll('adapter: claude', 'adapter: command\n    run: cat "$ANDON_TASK_FILE"\n    retries: 0')
        .replaceAll('usage: otel', 'usage: printed');
      await gateway.owner.plan.put.mutate({ project: 'shop', text: told });
      const spawn = { project: 'shop', profile: tier, ...(tier === 'implementer' ? { task: 'total' } : {}) };
      const { run } = await gateway.owner.agent.spawn.mutate(spawn);
      await endOf(gateway, 'shop', run);
      const { prompt } = JSON.parse(await outputOf(gateway, 'shop', run));
      expect(prompt).toMatch(new RegExp(`^# You are (the|an?) ${tier} of shop \\([A-Z_]+\\)`));
      expect(prompt).not.toMatch(/\{\w+\}(?!.*summary)/);
      expect(prompt.includes('Prices are whole cents')).toBe(tier === 'implementer');
      const { stops } = await gateway.owner.cord.status.query({ project: 'shop' });
      const rootCause = {
        whys: [{ why: 'an agent that only prints', evidence: 'this test' }],
        kind: 'test' as const,
        prevention: 'none',
      };
      for (const { id } of stops)
        await gateway.owner.cord.clear.mutate({ project: 'shop', stop: id, rootCause });
    },
  );
});
