import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../../support/engines.ts';
import {
  mustGit,
  sourceRepository,
  startTestGateway,
  type TestGateway,
  write,
} from '../../support/gateway.ts';
import { passTime } from '../../support/line.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'eyes';
const plan = (more = ''): string => `version: 1
project: ${project}
done: landed
lease: 1d
phases: [build]
tasks:
  t1: { title: One, phase: build, write: ["src/**"], expected: 1h }
  t2: { title: Two, phase: build, write: ["doc/**"], deadline: 2020-01-01T00:00:00Z }
${more}`;
const twisted = `export function twisted(n: number): number {
${Array.from({ length: 12 }, (_, k) => `  if (n === ${k}) return ${k};`).join('\n')}
  return n;
}
`;

describe.each(engines)('audits of a plan, on %s', (engine) => {
  let gateway: TestGateway;
  let source: string;

  beforeAll(async () => {
    gateway = await startTestGateway(engine);
    source = await sourceRepository({ 'src/a.ts': 'export const a = 1;\n', 'src/old.ts': twisted });
    await gateway.owner.project.create.mutate({ project, source, upstream: source });
    await gateway.owner.plan.put.mutate({ project, text: plan() });
  });
  afterAll(async () => {
    await gateway?.close();
    rmSync(source, { recursive: true, force: true });
  });

  async function audit(kind: 'plan' | 'idle' | 'compliance' | 'report', overSeconds?: number) {
    const over = overSeconds === undefined ? {} : { overSeconds };
    const { audit: id } = await gateway.owner.audit.run.mutate({ project, kind, ...over });
    await waitUntil(
      async () => (await gateway.owner.audit.show.query({ project, audit: id })).endedAt !== null,
    );
    return gateway.owner.audit.show.query({ project, audit: id });
  }

  it('finds a plan that is followed in order, and its risks', async () => {
    const found = await audit('plan');
    expect(found).toMatchObject({ state: 'done', alert: false, askedBy: 'human:owner' });
    expect(found.result).toMatchObject({
      deviation: { planned: 2, share: 0 },
      risks: [{ task: 't2', kind: 'overdue' }],
    });
  });

  it('alerts when work leaves its scope, tells the executives, and does not count the same twice', async () => {
    const { token = '' } = await gateway.owner.token.mint.mutate({
      project,
      agent: 'agent:a',
      cap: { role: 'IMPLEMENTER' },
    });
    const client = gateway.client(token);
    const { task } = await client.task.claim.mutate({ project, task: 't1' });
    const auth = { url: gateway.url, token };
    const tree = `${source}-clone`;
    await mustGit(source, ['clone', '-q', `${gateway.url}/git/${project}.git`, tree], auth);
    write(tree, { 'elsewhere.ts': 'export const b = 2;\n' });
    await mustGit(tree, ['add', '-A']);
    await mustGit(tree, ['commit', '-q', '-m', 'out of scope']);
    await expect(
      mustGit(tree, ['push', '-q', 'origin', `HEAD:task/t1/${task?.epoch}/work`], auth),
    ).rejects.toThrow(/scope.write/);
    rmSync(tree, { recursive: true, force: true });
    const events = await gateway.owner.event.list.query({ project, limit: 1000 });
    await waitUntil(
      async () =>
        (await gateway.owner.event.list.query({ project, after: events.latest - 1, limit: 10 })).latest >=
        events.latest,
    );
    const first = await audit('plan');
    expect(first).toMatchObject({
      alert: true,
      result: { deviation: { outOfScope: 1 }, violations: [{ code: 'scope.write', actor: 'agent:a' }] },
    });
    const second = await audit('plan');
    expect(second.result).toMatchObject({ deviation: { outOfScope: 1 }, violations: [] });
    const messages = await gateway.app.gateway.store.rows<{ recipient: string }>(
      {
        name: '',
        text: `select recipient from messages where project = $1 and subject = $2 order by recipient`,
      },
      [project, `audit/${first.id}`],
    );
    expect(messages.map(({ recipient }) => recipient)).toEqual(['tier:executive', 'tier:human']);
  });

  it('tells of an agent that holds a task and does nothing', async () => {
    expect((await audit('idle', 3600)).alert).toBe(false);
    await passTime(2 * 3_600_000, gateway);
    const found = await audit('idle', 3600);
    expect(found).toMatchObject({ alert: true, result: { idle: [{ agent: 'agent:a', task: 't1' }] } });
  });

  it('has no tolerance for a function over the limits that comes to main round the gates', async () => {
    write(source, { 'src/new.ts': twisted });
    await mustGit(source, ['add', '-A']);
    await mustGit(source, ['commit', '-q', '-m', 'by hand']);
    await gateway.owner.project.sync.mutate({ project });
    const found = await audit('plan');
    expect(found.result).toMatchObject({ code: [{ path: 'src/new.ts', code: 'complexity' }] });
    expect(found.alert).toBe(true);
  });

  it('holds the whole tree against the limits, and alerts only when it got worse', async () => {
    const first = await audit('compliance');
    expect(first).toMatchObject({ alert: false, result: { violations: 2, files: 3 } });
    write(source, { 'src/more.ts': twisted });
    await mustGit(source, ['add', '-A']);
    await mustGit(source, ['commit', '-q', '-m', 'more']);
    await gateway.owner.project.sync.mutate({ project });
    expect(await audit('compliance')).toMatchObject({ alert: true, result: { violations: 3 } });
  });

  it('reports progress, as text and as data, and keeps the report', async () => {
    const found = await audit('report');
    expect(found.body).toMatch(/^0 of 2 tasks done; /);
    const reports = await gateway.owner.report.list.query({ project });
    expect(reports[0]).toMatchObject({ kind: 'report', byAgent: 'gateway' });
  });

  it('is refused to implementers, and writes nothing then', async () => {
    const { token = '' } = await gateway.owner.token.mint.mutate({
      project,
      agent: 'agent:b',
      cap: { role: 'IMPLEMENTER' },
    });
    await expect(gateway.client(token).audit.run.mutate({ project, kind: 'plan' })).rejects.toThrow();
  });
});
