import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { containments, endOf, outputOf, startTestRunner, type TestRunner } from '../support/runner.ts';

const project = 'ways';
const verdict = `printf '{"version":1,"run":"%s","epoch":1,"result":"failed","summary":"by itself"}' "$ANDON_RUN" > "$ANDON_VERDICT"`;
const turn = (call: string): string => `echo '{"andon":{"turn":{"calls":["${call}"]}}}'; sleep 2.6`;

// Three tests; each passes once its file says so. The command leaves a file behind, as tests do.
const check = `cd src && touch left-behind || exit 9; failed=0
for n in 1 2 3; do grep -qs fixed $n.txt || { echo "not ok $n"; failed=1; }; done; exit $failed`;

interface Agent {
  readonly run: string;
  readonly progress: string;
}
const agents: Record<string, Agent> = {
  mender: {
    progress: '{ tests: unit }',
    run: `sleep 1; for n in 1 2 3; do echo fixed > src/$n.txt; ${turn('edit')}; done; ls src; ${verdict}`,
  },
  circler: {
    progress: '{ tests: unit }',
    run: `sleep 1; echo fixed > src/1.txt; n=0; while :; do n=$((n+1)); echo "change $n" > src/2.txt; echo '{"andon":{"turn":{"calls":["edit '$n'"]}}}'; sleep 2.6; done`,
  },
  waiter: { progress: '{ tests: endless }', run: `sleep 3; ${verdict}` },
  writer: {
    progress: '{ artefact: src/report.md }',
    run: `sleep 1; for n in 1 2 3 4; do echo "line $n" >> src/report.md; ${turn('write')}; done; ${verdict}`,
  },
  drifter: {
    progress: '{ artefact: src/report.md }',
    run: `sleep 1; n=0; while :; do n=$((n+1)); echo "change $n" > src/2.txt; echo '{"andon":{"turn":{"calls":["edit '$n'"]}}}'; sleep 2.6; done`,
  },
};

const plan = [
  `version: 1\nproject: ${project}\ndone: landed\nlease: 6s\nphases: [build]`,
  'gates:',
  '  unit: { run: sh tools/check.sh, timeout: 20s }',
  '  endless: { run: setsid sleep 8654321 & sleep 8654322, timeout: 5m }',
  'agents:',
  ...Object.entries(agents).map(
    ([name, { run }]) =>
      `  ${name}: { tier: implementer, adapter: command, retries: 0, flatTurns: 2, run: ${JSON.stringify(run)} }`,
  ),
  'tasks:',
  ...Object.entries(agents).map(
    ([name, { progress }], n) =>
      `  t-${name}: { title: T, phase: build, write: ["own${n}/**"], progress: ${progress} }`,
  ),
  '',
].join('\n');

describe.each(containments)('progress of runs by kind of task, contained by %s', (containment) => {
  let gateway: TestGateway;
  let runner: TestRunner;
  let source: string;
  const runs: Record<string, string> = {};
  beforeAll(async () => {
    gateway = await startTestGateway('postgres');
    source = await sourceRepository({ 'tools/check.sh': check, 'src/a.txt': 'a' });
    await gateway.owner.project.create.mutate({ project, source });
    await gateway.owner.plan.put.mutate({ project, text: plan });
    runner = await startTestRunner(gateway, project, containment);
    // All runs start at once: each of them rests most of the time.
    for (const profile of Object.keys(agents))
      runs[profile] = (
        await gateway.owner.agent.spawn.mutate({ project, profile, task: `t-${profile}` })
      ).run;
  });
  afterAll(async () => {
    await runner?.close();
    await gateway?.close();
    rmSync(source, { recursive: true, force: true });
  });
  async function ended(profile: string) {
    const run = runs[profile] ?? '';
    const { outcome, note } = await endOf(gateway, project, run, 40_000);
    return { outcome, note, printed: await outputOf(gateway, project, run) };
  }

  it('kills what still counts when the run has ended', async () => {
    expect(await ended('waiter')).toMatchObject({ outcome: 'failed_verdict', note: 'by itself' });
    expect(sleepers()).toEqual([]);
  });

  it('lets a run go on whose tests fail less and less, and leaves its files alone', async () => {
    const { outcome, note, printed } = await ended('mender');
    expect({ outcome, note }).toEqual({ outcome: 'failed_verdict', note: 'by itself' });
    expect(printed).toContain('3.txt');
    expect(printed).not.toContain('left-behind');
  });

  it('ends one that edits on and on while as many fail', async () => {
    const { outcome, note } = await ended('circler');
    expect(outcome).toBe('no_progress');
    expect(note).toContain('2 turns in a row without fewer failing tests than 2');
  });

  it('lets a run go on whose artefact grows, though it calls the same', async () => {
    expect(await ended('writer')).toMatchObject({ outcome: 'failed_verdict', note: 'by itself' });
  });

  it('ends one that edits everything but its artefact', async () => {
    const { outcome, note } = await ended('drifter');
    expect(outcome).toBe('no_progress');
    expect(note).toContain('2 turns in a row left the artefact as it was before');
  });
});

/** Processes of the gate that never ends. */
function sleepers(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('\x00865432');
      } catch {
        return false;
      }
    });
}
