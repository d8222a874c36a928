import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { exportOf } from '../support/otlp.ts';
import { containments, endOf, outputOf, startTestRunner, type TestRunner } from '../support/runner.ts';

const project = 'meter';

// An exporter that uses the variables of the specification, in a few lines.
const exporter = `
const [key, value] = (process.env.OTEL_EXPORTER_OTLP_METRICS_HEADERS ?? '').split('=');
const send = async (body) => {
  const headers = { 'content-type': 'application/json', [key]: decodeURIComponent(value ?? '') };
  const answer = await fetch(process.env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, { method: 'POST', headers, body });
  console.log('sent', answer.status);
};
for (const file of process.argv.slice(2)) await send(require('node:fs').readFileSync(file, 'utf8'));
`;
const send = (...exports: string[]): string =>
  `node tools/send.cjs ${exports.map((name) => `tools/${name}.json`).join(' ')}`;
const verdict = `printf '{"version":1,"run":"%s","result":"no_progress","summary":"x"}' "$ANDON_RUN" > "$ANDON_VERDICT"`;

const cost = { name: 'agent.cost.usage', type: 'usd' };
const files = {
  'tools/send.cjs': `(async () => {${exporter}})()`,
  'tools/first.json': JSON.stringify(
    exportOf({ value: 300 }, { value: 50, type: 'output' }, { ...cost, value: 0.01 }),
  ),
  'tools/second.json': JSON.stringify(
    exportOf({ value: 700, time: '3' }, { ...cost, value: 0.02, time: '3' }),
  ),
  'tools/delta1.json': JSON.stringify(exportOf({ value: 300, delta: true })),
  'tools/delta2.json': JSON.stringify(exportOf({ value: 200, delta: true, start: '2', time: '3' })),
  'tools/bad.json': '{"resourceMetrics":',
};

const agents: Record<string, string> = {
  cumulative: `usage: otel, run: '${send('first', 'second')}; ${quoted(verdict)}'`,
  delta: `usage: otel, run: '${send('delta1', 'delta2')}; ${quoted(verdict)}'`,
  both: `usage: otel, run: 'echo "{\\"andon\\":{\\"usage\\":{\\"tokens\\":900}}}"; ${send('first', 'second')}; ${quoted(verdict)}'`,
  bad: `usage: otel, run: '${send('bad', 'first')}; ${quoted(verdict)}'`,
  spender: `usage: otel, budget: { tokens: 600, beforeFirstCommit: 100% }, run: 'andon report write report --title t --body b --json; ${send('first', 'second')}; sleep 600'`,
  hanging: `usage: otel, idle: 3s, run: 'while :; do ${send('first')} >/dev/null; sleep 0.5; done'`,
  unasked: `run: 'echo "to [$OTEL_EXPORTER_OTLP_METRICS_ENDPOINT]"; curl -s -o /dev/null -w "%{http_code}" -H "authorization: Bearer $ANDON_TOKEN" -H "content-type: application/json" -d @tools/first.json $ANDON_URL/v1/metrics; ${quoted(verdict)}'`,
};

function quoted(command: string): string {
  return command.replaceAll("'", "''");
}

const plan = [
  `version: 1\nproject: ${project}\ndone: landed\nlease: 6s\nphases: [build]\nagents:`,
  ...Object.entries(agents).map(
    ([name, more]) => `  ${name}: { tier: executive, adapter: command, retries: 0, ${more} }`,
  ),
  'tasks: {}\n',
].join('\n');

describe.each(containments)('metrics that an agent program exports, contained by %s', (containment) => {
  let gateway: TestGateway;
  let runner: TestRunner;
  let source: string;
  beforeAll(async () => {
    gateway = await startTestGateway('postgres');
    source = await sourceRepository(files);
    await gateway.owner.project.create.mutate({ project, source });
    await gateway.owner.plan.put.mutate({ project, text: plan });
    runner = await startTestRunner(gateway, project, containment);
  });
  afterAll(async () => {
    await runner?.close();
    await gateway?.close();
    rmSync(source, { recursive: true, force: true });
  });

  async function ended(profile: string) {
    const { run } = await gateway.owner.agent.spawn.mutate({ project, profile });
    const row = await endOf(gateway, project, run);
    return { ...row, printed: await outputOf(gateway, project, run) };
  }

  it('are the usage of its run, cumulative ones by their last value', async () => {
    const run = await ended('cumulative');
    expect(run.printed).toBe('sent 200\nsent 200\n');
    expect(run.usage).toMatchObject({ tokens: 750, usdMicro: 20_000 });
  });

  it('are the usage of its run, deltas by their sum', async () => {
    expect((await ended('delta')).usage.tokens).toBe(500);
  });

  it('and what it prints never count twice: the larger of both is its usage', async () => {
    expect((await ended('both')).usage).toMatchObject({ tokens: 900, usdMicro: 20_000 });
  });

  it('are answered with 400 when they are no JSON, and later ones count', async () => {
    const run = await ended('bad');
    expect(run.printed).toBe('sent 400\nsent 200\n');
    expect(run.usage.tokens).toBe(350);
  });

  it('end the run when they go over its budget', async () => {
    const run = await ended('spender');
    expect({ outcome: run.outcome, note: run.note }, run.printed).toEqual({
      outcome: 'over_budget',
      // The runner sees the spent budget, or the gateway, whose answer comes first now and then.
      note: expect.stringMatching(/^its budget is spent: (750 tokens, limit 600|spent: tokens)/),
    });
  });

  it('are no sign of life: a run that only exports them is idle', async () => {
    const run = await ended('hanging');
    expect(run.note).toContain('it did nothing for too long');
  });

  it('are not taken where the profile does not ask for them', async () => {
    const run = await ended('unasked');
    expect(run.printed).toBe('to []\n404');
    expect(run.usage.tokens).toBe(0);
  });
});
