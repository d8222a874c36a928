import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli, start } from '../../support/cli.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const work = (file: string): string =>
  [
    `echo "export const n = 1;" > src/${file}`,
    'git add -A && git commit -qm work && git push -q && andon change submit --json',
    `printf '{"version":1,"run":"%s","epoch":%s,"result":"shipped","summary":"done"}' "$ANDON_RUN" "$ANDON_EPOCH" > "$ANDON_VERDICT"`,
  ].join(' && ');
const plan = `${planHead()}
agents:
  one: { tier: implementer, adapter: command, retries: 0, run: ${JSON.stringify(work('one.ts'))} }
  two: { tier: implementer, adapter: command, retries: 0, run: ${JSON.stringify(work('two.ts'))} }
tasks:
  one: { title: One, phase: build, write: ["src/one.ts"] }
  two: { title: Two, phase: build, write: ["src/two.ts"] }
`;
const dead = 'http://127.0.0.1:1';

describe('a runner that knows several gateways', () => {
  let folder: string;
  let source: string;
  let first: TestGateway;
  let second: TestGateway;
  let tokenFile: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-several-'));
    first = await startTestGateway('postgres', { folder });
    const databaseUrl = first.databaseUrl ?? '';
    second = await startTestGateway('postgres', { folder, databaseUrl });
    source = await sourceRepository({ 'src/a.ts': 'export const a = 1;\n' });
    await first.owner.project.create.mutate({ project, source });
    await first.owner.plan.put.mutate({ project, text: plan });
    const minted = await first.owner.token.mint.mutate({
      project,
      agent: 'runner:r',
      cap: { role: 'RUNNER' },
    });
    tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, minted.token ?? '', { mode: 0o600 });
  });
  afterAll(async () => {
    await second.close();
    for (const one of [folder, source]) rmSync(one, { recursive: true, force: true });
  });

  /** Spawns a run of a profile by a gateway, and waits for its outcome. */
  async function outcomeOf(gateway: TestGateway, profile: string): Promise<unknown> {
    const { run } = await gateway.owner.agent.spawn.mutate({ project, profile, task: profile });
    let outcome: unknown = null;
    await waitUntil(async () => {
      ({ outcome } = await gateway.owner.run.show.query({ project, run }));
      return outcome !== null;
    });
    return outcome;
  }

  it('asks the next one when one is not reached, at its start and later', async () => {
    const urls = [dead, first.url, second.url].flatMap((url) => ['--url', url]);
    const env = cleanEnvironment(join(folder, 'home'));
    const runner = start(['runner', '--token-file', tokenFile, '--project', project, ...urls], {
      cwd: folder,
      env,
    });
    let said = '';
    runner.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = new Promise((done) => runner.once('close', done));
    try {
      expect(await outcomeOf(first, 'one'), said).toBe('shipped');
      await first.close();
      expect(await outcomeOf(second, 'two'), said).toBe('shipped');
    } finally {
      runner.kill('SIGTERM');
      await ended;
    }
  });

  it('says that none is reached, by option or by ANDON_URL', async () => {
    const env = { ...cleanEnvironment(join(folder, 'home')), ANDON_URL: `${dead} http://127.0.0.1:2` };
    const { exit, stderr } = await cli(['runner', '--token-file', tokenFile, '--project', project], {
      cwd: folder,
      env,
    });
    expect([exit, stderr]).toEqual([9, expect.stringContaining('gateway.unreachable')]);
  });
});
