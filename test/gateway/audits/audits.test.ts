import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
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

describe.each(enginesOf(import.meta.filename))('audits of a plan, on %s', (engine) => {
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

  const toldOf = async (id: string) =>
    (
      await gateway.app.gateway.store.rows<{ recipient: string }>(
        { name: '', text: 'select recipient from messages where project = $1 and subject = $2' },
        [project, `audit/${id}`],
      )
    ).length;

  it('tells of the same only once, until something has changed', async () => {
    const [before, again] = [await audit('plan'), await audit('plan')];
    // The deviation of before lasts, and its refusals and functions have been told.
    expect([before.alert, again.alert]).toEqual([true, true]);
    expect(await toldOf(again.id)).toBe(0);
    const idle = [await audit('idle', 3600), await audit('idle', 3600)];
    expect(idle.map(({ alert }) => alert)).toEqual([true, true]);
    expect(await toldOf(idle[1]?.id ?? '')).toBe(0);
    await audit('report');
    expect(await toldOf((await audit('report')).id)).toBe(0);
    const search = { project, types: ['audit.ended' as const], subject: `audit/${again.id}` };
    await waitUntil(async () => (await gateway.owner.event.list.query(search)).events.length > 0);
    const { events } = await gateway.owner.event.list.query(search);
    expect(events[0]?.data).toMatchObject({ alert: true, again: true });
    await gateway.owner.task.abandon.mutate({ project, task: 't2', why: 'no time' });
    const changed = await audit('plan');
    expect(changed.result).toMatchObject({ deviation: { skipped: 1 } });
    expect(await toldOf(changed.id)).toBe(2);
  });

  it('counts refused calls, those that repeat as well, each once and in one audit', async () => {
    const { token = '' } = await gateway.owner.token.mint.mutate({
      project,
      agent: 'agent:knocks',
      cap: { role: 'IMPLEMENTER' },
    });
    const client = gateway.client(token);
    const knock = async (times: number) => {
      for (let n = 0; n < times; n++)
        await expect(client.phase.advance.mutate({ project, phase: 'build', why: 'x' })).rejects.toThrow();
    };
    await knock(9);
    const few = await audit('plan');
    expect(few.result).toMatchObject({ bursts: [] });
    await knock(10);
    const many = await audit('plan');
    expect(many.result).toMatchObject({ bursts: [{ actor: 'agent:knocks', count: 10 }] });
    expect(await toldOf(many.id)).toBe(2);
    expect((await audit('plan')).result).toMatchObject({ bursts: [] });
  });

  it('sees an agent that could take a ready task, and takes none', async () => {
    await gateway.owner.plan.put.mutate({
      project,
      text: plan('  t3: { title: Three, phase: build, write: ["ops/**"], requires: [rust] }\n'),
    });
    const mint = (agent: string, skills: string[], lifeSeconds = 900) =>
      gateway.owner.token.mint.mutate({ project, agent, cap: { role: 'IMPLEMENTER', skills }, lifeSeconds });
    await mint('agent:gone', ['rust'], 60);
    await mint('agent:other', ['go']);
    const { token = '' } = await mint('agent:rusty', ['rust']);
    const beside = async () => {
      const { result } = await audit('idle', 300);
      const { idle } = result as { idle: { agent: string; couldTake: string | null }[] };
      return idle.filter(({ couldTake }) => couldTake !== null).map((one) => `${one.agent} ${one.couldTake}`);
    };
    expect(await beside()).toEqual([]);
    await passTime(10 * 60_000, gateway);
    // Without a living token nobody is there, and without the skill the task is none for it.
    expect(await beside()).toEqual(['agent:rusty t3']);
    const client = gateway.client(token);
    await gateway.owner.cord.pull.mutate({ project, colour: 'yellow', scope: 'project', why: 'a look' });
    expect(await beside()).toEqual([]);
    const { stops } = await gateway.owner.cord.status.query({ project });
    await gateway.owner.cord.clear.mutate({ project, stop: stops[0]?.id ?? '', why: 'looked' });
    expect(await beside()).toEqual(['agent:rusty t3']);
    // One task is in progress.
    const full = plan('  t3: { title: Three, phase: build, write: ["ops/**"], requires: [rust] }\n');
    await gateway.owner.plan.put.mutate({ project, text: `limits: { wip: 1 }\n${full}` });
    expect(await beside()).toEqual([]);
    await gateway.owner.plan.put.mutate({ project, text: full });
    await client.task.claim.mutate({ project, task: 't3' });
    expect(await beside()).toEqual([]);
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
