import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statement } from '../../src/store/store.ts';
import { engines } from '../support/engines.ts';
import { codesOf, type Hand, type Line, openLine, refusal } from '../support/line.ts';

const plan = `
version: 1
project: shop
done: artefact
phases: [build, harden]
limits: { wip: 3 }
tasks:
  plain: { title: Plain, phase: build, write: ["src/plain/**"] }
  urgent: { title: Urgent, phase: build, write: ["src/urgent/**"], priority: critical }
  soon: { title: Soon, phase: build, write: ["src/soon/**"], deadline: 2030-01-01T00:00:00Z }
  skilled: { title: Skilled, phase: build, write: ["src/skilled/**"], requires: [rust, sql], priority: low }
  near: { title: Near, phase: build, write: ["src/near/**"], deny: ["src/near/x/**"], priority: low }
  nearer: { title: Nearer, phase: build, write: ["src/near/a.ts"], priority: low }
  apart: { title: Apart, phase: build, write: ["src/near/x/**"], priority: low }
  after: { title: After, phase: build, needs: [plain, urgent], write: ["src/after/**"] }
  late: { title: Late, phase: harden, needs: [plain], write: ["src/late/**"] }
`;
const project = 'shop';
const reset = statement(
  '',
  `update tasks set state = case when id in ('after', 'late') then 'backlog' else 'ready' end, holder = null, lease_until = null, preferred = null`,
);

describe.each(engines)('claims, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line.close());
  beforeEach(() => line.app.gateway.store.rows(reset));

  const claim = (hand: Hand, task?: string) =>
    hand.client.task.claim.mutate({ project, ...(task === undefined ? {} : { task }) });

  it('takes the critical first, then what has a deadline, then by place in the plan', async () => {
    const order = [await claim(builder), await claim(builder), await claim(builder)];
    expect(order.map(({ task }) => task?.id)).toEqual(['urgent', 'soon', 'plain']);
    expect(order.map(({ task }) => task?.epoch)).toEqual([1, 1, 1]);
    expect(order[0]?.branch).toBe('task/urgent/1/work');
  });

  it('stops at the limit of work in progress, for a named task too', async () => {
    for (const task of ['plain', 'urgent', 'soon']) await claim(builder, task);
    expect((await claim(builder)).reasons.map(({ code }) => code)).toEqual(['wip.limit']);
    expect(await codesOf(claim(builder, 'near'))).toEqual(['wip.limit']);
  });

  it('stops at the limit of one agent, while others go on', async () => {
    await line.owner.plan.put.mutate({ project, text: plan.replace('wip: 3', 'wipPerAgent: 1') });
    const { task } = await claim(builder);
    const [full] = await refusal(claim(builder, 'near'));
    expect(full).toMatchObject({
      ...{ code: 'wip.agent', subject: 'tasks that agent:builder holds', found: 1, limit: 1 },
    });
    const other = await line.mint('agent:other');
    expect((await claim(other)).task).not.toBeNull();
    const held = { project, task: task?.id ?? '', epoch: task?.epoch ?? 0 };
    await builder.client.task.release.mutate({ ...held, why: 'one at a time' });
    expect((await claim(builder)).task).not.toBeNull();
    await line.owner.plan.put.mutate({ project, text: plan });
  });

  it.each(['wip', 'wipPerAgent'])('gives claims that come at once no more than %s', async (limit) => {
    await line.owner.plan.put.mutate({ project, text: plan.replace('wip: 3', `${limit}: 2`) });
    const hands = await Promise.all(Array.from({ length: 6 }, () => line.mint('agent:builder')));
    const many = await Promise.all(hands.map((hand) => claim(hand)));
    expect(many.filter(({ task }) => task !== null)).toHaveLength(2);
    await line.owner.plan.put.mutate({ project, text: plan });
  });

  it('prefers, among equals, the task that the claimant had before', async () => {
    const other = await line.mint('agent:other');
    const { task } = await claim(other, 'nearer');
    await other.client.task.release.mutate({
      project,
      task: 'nearer',
      epoch: task?.epoch ?? 0,
      why: 'later',
    });
    const low = await line.mint('agent:other', { w: ['src/near/**'] });
    expect((await claim(low)).task?.id).toBe('nearer');
  });

  it('refuses work whose scope meets work in progress or gated, and takes what lies beside it', async () => {
    const first = await claim(builder, 'near');
    const [overlap] = await refusal(claim(builder, 'nearer'));
    expect(overlap).toMatchObject({ code: 'task.overlap', found: expect.stringContaining('near') });
    expect((await claim(builder, 'apart')).task?.id).toBe('apart');
    await builder.client.change.submit.mutate({
      project,
      task: 'near',
      epoch: first.task?.epoch ?? 0,
      artefact: 'x',
    });
    expect((await line.task('near')).state).toBe('gated');
    expect(await codesOf(claim(builder, 'nearer'))).toEqual(['task.overlap']);
  });

  it('tells every reason why a named task may not be taken', async () => {
    const narrow = await line.mint('agent:narrow', {
      w: ['src/near/**'],
      phases: ['harden'],
      skills: ['rust'],
    });
    const reasons = await refusal(claim(narrow, 'skilled'));
    expect(reasons.map(({ code }) => code)).toEqual(['task.capability', 'phase.closed', 'task.scope']);
    expect(reasons[0]?.found).toContain('sql');
    expect(reasons[2]?.found).toMatch(/^src\/skilled\//);
  });

  it('tells why a named task is not ready: missing, held, waiting for others, in a closed phase, ended', async () => {
    expect(await codesOf(claim(builder, 'nowhere'))).toEqual(['task.missing']);
    await claim(builder, 'plain');
    const [taken] = await refusal(claim(builder, 'plain'));
    expect(taken).toMatchObject({ code: 'task.taken', found: 'in_progress, held by agent:builder' });
    const waiting = await refusal(claim(builder, 'after'));
    expect(waiting.map(({ found }) => found)).toEqual(['plain is in_progress', 'urgent is ready']);
    expect(await codesOf(claim(builder, 'late'))).toEqual(['task.needs', 'phase.closed']);
    await line.owner.task.abandon.mutate({ project, task: 'soon', why: 'not wanted' });
    expect(await codesOf(claim(builder, 'soon'))).toEqual(['task.state']);
  });

  it('answers an unnamed claim that finds nothing with the reasons, and appends no event', async () => {
    const narrow = await line.mint('agent:idle', { w: ['docs/**'] });
    const before = (await line.events()).length;
    const answer = await claim(narrow);
    expect(answer).toMatchObject({ task: null, branch: null });
    expect(new Set(answer.reasons.map(({ code }) => code))).toEqual(
      new Set(['task.scope', 'task.capability']),
    );
    expect((await line.events()).length).toBe(before);
  });

  it('keeps a grant that is bound to a task to that task', async () => {
    const bound = await line.mint('agent:bound', { task: 'plain' });
    expect(await codesOf(claim(bound, 'urgent'))).toContain('grant.task');
    expect(await codesOf(claim(bound))).toEqual(['grant.task']);
    expect((await claim(bound, 'plain')).task?.id).toBe('plain');
  });

  it('keeps a claimed task from those whose tier does not work', async () => {
    const reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    expect(await codesOf(claim(reviewer))).toEqual(['grant.tier', 'grant.action']);
  });
});
