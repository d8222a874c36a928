import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { containments, endOf, outputOf, startTestRunner, type TestRunner } from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'yard';
const verdict = `printf '{"version":1,"run":"%s","epoch":%s,"result":"failed","summary":"told"}' "$ANDON_RUN" "$ANDON_EPOCH" > "$ANDON_VERDICT"`;
const waits = (word: string): string =>
  `until grep -q ${word} "$ANDON_INBOX"; do sleep 0.1; done; cat "$ANDON_INBOX"; ${verdict}`;
const linked = `rm "$ANDON_INBOX"; ln -s "$PWD/planted" "$ANDON_INBOX"; : > planted; sleep 4; echo "planted: $(wc -c < planted)"; ${verdict}`;
const agents = { told: waits('hello'), stopped: waits('stop'), linked };
const plan = [
  'version: 1',
  `project: ${project}`,
  'done: landed',
  'lease: 3s',
  'phases: [build]',
  'agents:',
  ...Object.entries(agents).map(
    ([name, run]) =>
      `  ${name}: { tier: implementer, adapter: command, retries: 0, run: ${JSON.stringify(run)} }`,
  ),
  'tasks:',
  ...Object.keys(agents).map(
    (name) => `  t-${name}: { title: Do ${name}, phase: build, write: ["src/${name}/**"] }`,
  ),
  '',
].join('\n');

describe.each(containments)('a run that is at work, contained by %s', (containment) => {
  let gateway: TestGateway;
  let runner: TestRunner;
  let source: string;
  beforeAll(async () => {
    gateway = await startTestGateway('postgres');
    source = await sourceRepository({ 'src/a.ts': 'export const a = 1;\n' });
    await gateway.owner.project.create.mutate({ project, source });
    await gateway.owner.plan.put.mutate({ project, text: plan });
    runner = await startTestRunner(gateway, project, containment);
  });
  afterAll(async () => {
    await runner?.close();
    await gateway?.close();
    rmSync(source, { recursive: true, force: true });
  });
  const spawn = async (profile: string) => {
    const { run } = await gateway.owner.agent.spawn.mutate({ project, profile, task: `t-${profile}` });
    const show = () => gateway.owner.run.show.query({ project, run });
    await waitUntil(async () => (await show()).state === 'running');
    return { run, agent: (await show()).agent };
  };
  const write = (to: string, title: string) =>
    gateway.owner.message.send.mutate({ project, to: to as 'tier:human', title, body: 'read this' });
  const linesOf = async (run: string) =>
    (await outputOf(gateway, project, run))
      .split('\n')
      .filter((text) => text.startsWith('{'))
      .map((text) => JSON.parse(text) as { title: string; kind: string });

  it('reads what is written to it and to its tier as lines of JSON, each once and in order', async () => {
    const { run, agent } = await spawn('told');
    await write('tier:implementer', 'to all');
    await write('agent:somebody-else', 'to another');
    await write(agent, 'hello');
    expect((await endOf(gateway, project, run)).outcome).toBe('failed_verdict');
    expect((await linesOf(run)).map(({ title }) => title)).toEqual(['to all', 'hello']);
  });

  it('is told when the cord is pulled', async () => {
    const { run } = await spawn('stopped');
    const { stop } = await gateway.owner.cord.pull.mutate({ project, colour: 'yellow', why: 'look at this' });
    expect((await endOf(gateway, project, run)).outcome).toBe('failed_verdict');
    expect((await linesOf(run)).some(({ kind }) => kind === 'stop')).toBe(true);
    await gateway.owner.cord.clear.mutate({ project, stop, why: 'looked' });
  });

  it('cannot have messages written to another file through a link', async () => {
    const { run, agent } = await spawn('linked');
    await write(agent, 'hello again');
    await endOf(gateway, project, run);
    expect(await outputOf(gateway, project, run)).toContain('planted: 0');
  });
});
