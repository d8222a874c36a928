import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../support/engines.ts';
import { mustGit } from '../support/gateway.ts';
import { codesOf, type Hand, type Line, openLine, passTime } from '../support/line.ts';
import { movesPastTables, recordMoves, seenMoves } from '../support/moves.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead()}
lease: 90s
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  pay: { title: Pay, phase: build, write: ["src/pay/**"] }
  mail: { title: Mail, phase: build, write: ["src/mail/**"] }
`;
const project = 'shop';

describe.each(enginesOf(import.meta.filename))('holding on to a lease that is gone, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let other: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    await recordMoves(line.app.gateway.store);
    builder = await line.mint('agent:builder');
    other = await line.mint('agent:other');
  });
  afterAll(() => line.close());

  /** The codes of refusal for each action of a holder. */
  async function everything(hand: Hand, task: string, epoch: number, commit: string): Promise<string[][]> {
    const held = { project, task, epoch };
    // The push may be refused before the calls beside it: its rejection needs a handler from the start.
    const push = line.push(hand, `task/${task}/${epoch}/more`, commit).then(
      () => ['pushed'],
      (error: unknown) => [String(error).includes('lease.lost') ? 'lease.lost' : String(error)],
    );
    return [
      await codesOf(hand.client.task.renew.mutate(held)),
      await codesOf(hand.client.task.release.mutate({ ...held, why: 'x' })),
      (await codesOf(hand.client.change.submit.mutate({ ...held, commit }))).slice(0, 1),
      await push,
    ];
  }
  const lost = [['lease.lost'], ['lease.lost'], ['lease.lost'], ['lease.lost']];

  it('holds a claim for the time of the plan or the one asked for, and longer only by renewing', async () => {
    const { task } = await builder.client.task.claim.mutate({ project, task: 'mail', leaseSeconds: 20 });
    const held = { project, task: 'mail', epoch: task?.epoch ?? 0 };
    const until = Date.parse(String(task?.leaseUntil));
    const renewed = await builder.client.task.renew.mutate(held);
    expect(Date.parse(String(renewed.leaseUntil))).toBeGreaterThan(until);
    expect(Date.parse(String(renewed.leaseUntil)) - until).toBeLessThan(20_000);
    await builder.client.task.release.mutate({ ...held, why: 'not mine' });
    expect(await line.task('mail')).toMatchObject({ state: 'ready', holder: null, leaseUntil: null });
    const again = await builder.client.task.claim.mutate({ project, task: 'mail' });
    expect(again.task?.epoch).toBe((task?.epoch ?? 0) + 1);
    const [row] = [await line.task('mail')];
    expect(row.leaseMs).toBe(90_000);
  });

  it('lets nobody act with the lease of another agent or of another epoch', async () => {
    const { task, branch } = await builder.client.task.claim.mutate({ project, task: 'pay' });
    const epoch = task?.epoch ?? 0;
    const commit = await line.commit({ 'src/pay/a.js': 'export const a = 1;\n' });
    await line.push(builder, branch ?? '', commit);
    expect(await everything(other, 'pay', epoch, commit)).toEqual(lost);
    expect(await everything(builder, 'pay', epoch + 1, commit)).toEqual(lost);
    expect((await line.task('pay')).holder).toBe('agent:builder');
  });

  it('fences off the former holder when a task is stolen', async () => {
    const before = await line.task('pay');
    const commit = await line.commit({ 'src/pay/b.js': 'export const b = 1;\n' });
    const stolen = await line.owner.task.steal.mutate({
      project,
      task: 'pay',
      to: 'agent:other',
      why: 'stuck',
    });
    expect(stolen).toMatchObject({ epoch: before.epoch + 1, holder: 'agent:other' });
    expect(await everything(builder, 'pay', before.epoch, commit)).toEqual(lost);
    expect(await everything(builder, 'pay', stolen.epoch, commit)).toEqual(lost);
    await line.push(other, `task/pay/${stolen.epoch}/work`, commit);
    await other.client.task.renew.mutate({ project, task: 'pay', epoch: stolen.epoch });
  });

  it('steals only what is in progress, and only for those who may', async () => {
    const steal = (hand: { client: Line['owner'] }, task: string) =>
      hand.client.task.steal.mutate({ project, task, to: 'agent:builder', why: 'x' });
    expect(await codesOf(steal({ client: line.owner }, 'cart'))).toEqual(['task.state']);
    expect(await codesOf(steal({ client: line.owner }, 'nowhere'))).toEqual(['task.missing']);
    expect(await codesOf(steal(other, 'mail'))).toContain('grant.tier');
  });

  it('submits nothing while a question is open', async () => {
    const { task, branch } = await builder.client.task.claim.mutate({ project, task: 'cart' });
    const epoch = task?.epoch ?? 0;
    const commit = await line.commit({ 'src/cart/a.js': 'export const a = 1;\n' });
    await line.push(builder, branch ?? '', commit);
    await builder.client.task.ask.mutate({ project, task: 'cart', question: 'Which currency?' });
    const submit = () => builder.client.change.submit.mutate({ project, task: 'cart', epoch, commit });
    expect(await codesOf(submit())).toEqual(['task.question']);
    expect(
      await codesOf(builder.client.task.answer.mutate({ project, task: 'cart', answer: 'Euro' })),
    ).toContain('grant.tier');
    await line.owner.task.answer.mutate({ project, task: 'cart', answer: 'Euro' });
    expect(await codesOf(line.owner.task.answer.mutate({ project, task: 'cart', answer: 'Dollar' }))).toEqual(
      ['task.state'],
    );
    expect((await line.task('cart')).questions.map(({ answer }) => answer)).toEqual(['Euro']);
    await builder.client.task.release.mutate({ project, task: 'cart', epoch, why: 'tired' });
  });

  it('refuses everything from an expired holder, before and after somebody noticed', async () => {
    const { task, branch } = await builder.client.task.claim.mutate({ project, task: 'cart' });
    const epoch = task?.epoch ?? 0;
    const commit = await line.commit({ 'src/cart/b.js': 'export const b = 1;\n' });
    await line.push(builder, branch ?? '', commit);
    await passTime(91_000, line);
    expect(await everything(builder, 'cart', epoch, commit)).toEqual(lost);
    await line.app.workers.tick();
    expect(await line.task('cart')).toMatchObject({
      state: 'ready',
      holder: null,
      preferred: 'agent:builder',
      epoch,
    });
    expect(await everything(builder, 'cart', epoch, commit)).toEqual(lost);
    const expired = (await line.events()).filter(
      ({ type, subject }) => type === 'lease.expired' && subject === 'task/cart',
    );
    expect(expired.map(({ data }) => data)).toEqual([{ epoch, holder: 'agent:builder' }]);
    const refs = await mustGit(line.app.gateway.git.folderOf(project), [
      'for-each-ref',
      '--format=%(refname)',
      `refs/heads/task/cart/${epoch}`,
    ]);
    expect(refs).toBe(`refs/heads/${branch}`);
  });

  it('moved tasks as their table says, in all of the above', async () => {
    const { store } = line.app.gateway;
    expect(await movesPastTables(store)).toEqual([]);
    expect(await seenMoves(store)).toContain('tasks: in_progress → ready');
  });
});
