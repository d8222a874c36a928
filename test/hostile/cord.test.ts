import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../support/engines.ts';
import { codesOf, type Hand, type Line, openLine, refusal } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead({ done: 'artefact' })}
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"] }
  pay: { title: Pay, phase: build, write: ["pay/**"] }
`;
const rootCause = {
  whys: [{ why: 'the schema was wrong', evidence: 'commit 3f2c9aa' }],
  kind: 'schema' as const,
  prevention: 'a constraint in the schema',
};

describe.each(enginesOf(import.meta.filename))('abusing the cord, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let lead: Hand;
  let reviewer: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
    lead = await line.mint('agent:lead', { tier: 'executive' });
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    await line.owner.project.create.mutate({ project: 'other' });
  });
  afterAll(() => line.close());

  type Pull = Parameters<Hand['client']['cord']['pull']['mutate']>[0];
  const pull = (hand: Pick<Hand, 'client'>, more: Partial<Pull> = {}) =>
    hand.client.cord.pull.mutate({ project, colour: 'red', why: 'wrong', ...more });
  // biome-ignore lint/suspicious/noExplicitAny: what is sent is wrong on purpose
  const clear = (hand: Pick<Hand, 'client'>, stop: string, more: any = { rootCause }, of = project) =>
    hand.client.cord.clear.mutate({ project: of, stop, ...more });
  const owner = () => ({ client: line.owner });
  const open = async () => (await line.owner.cord.status.query({ project })).stops;

  it('a scope that is none is refused with the scopes that are', async () => {
    for (const scope of [
      'everything',
      'task/',
      'task/../cart',
      'workflow/CART',
      'task/cart\nall',
      'a'.repeat(5000),
    ]) {
      const [first] = await refusal(pull(builder, { scope }));
      expect(first).toMatchObject({ code: 'request.invalid', subject: 'scope' });
      expect(String(first?.found)).toContain('task/<task>');
    }
    expect(await codesOf(pull(builder, { scope: 'task/nowhere' }))).toEqual(['task.missing']);
    // Names of Object's own members: no task of that name is in the plan.
    expect(await codesOf(pull(builder, { scope: 'task/constructor' }))).toEqual(['task.missing']);
    expect(await open()).toEqual([]);
  });

  it('a why that is too long, of nothing or of control characters is refused', async () => {
    for (const why of ['x'.repeat(2001), '', 'a\u0000b', '\u001b[2J', '\ud800'])
      expect(await codesOf(pull(builder, { why }))).toEqual(['request.invalid']);
  });

  it('a stop of another project, or of all, is not for an agent of this one', async () => {
    expect(await codesOf(pull(builder, { project: 'other' }))).toEqual(['grant.project']);
    for (const hand of [builder, lead, reviewer])
      expect(await codesOf(pull(hand, { project: '*', scope: 'all' }))).toEqual(['grant.project']);
    expect(await codesOf(pull(builder, { scope: 'all' }))).toEqual(['cord.scope']);
    expect(await codesOf(pull(owner(), { project: '*', scope: 'project' }))).toEqual(['cord.scope']);
    expect(await codesOf(pull(owner(), { project: '*', scope: 'task/cart' }))).toEqual(['cord.scope']);
    expect(await codesOf(builder.client.cord.status.query({ project: 'other' }))).toEqual(['grant.project']);
    expect(await codesOf(builder.client.cord.log.query({ project: '*' }))).toEqual(['grant.project']);
  });

  it('a red stop is not cleared by an agent, its own neither, with a forged root cause or without', async () => {
    const { stop } = await pull(builder);
    for (const hand of [builder, reviewer, lead]) {
      expect(await codesOf(clear(hand, stop))).toEqual(['cord.human']);
      expect(await codesOf(clear(hand, stop, { why: 'fine' }))).toEqual(['cord.human', 'cord.cause']);
    }
    expect(await open()).toHaveLength(1);
    // A grant that a human made without any other right does not suffice either.
    const bare = await line.mint('agent:bare', { ops: [] });
    expect(await codesOf(clear(bare, stop))).toContain('grant.action');
    await clear(owner(), stop);
  });

  it('a root cause that is no root cause clears nothing', async () => {
    const { stop } = await pull(builder);
    const [first] = rootCause.whys;
    const forged: [string, unknown, string][] = [
      ['no why', { ...rootCause, whys: [] }, 'request.invalid'],
      ['eight whys', { ...rootCause, whys: Array.from({ length: 8 }, () => first) }, 'request.invalid'],
      ['an agent as the root', { ...rootCause, kind: 'agent' }, 'request.invalid'],
      ['no prevention', { whys: rootCause.whys, kind: 'test' }, 'request.invalid'],
      ['a prevention of blanks', { ...rootCause, prevention: '  \n ' }, 'cord.cause'],
      ['a why as the prevention', { ...rootCause, prevention: ' The schema  was wrong' }, 'cord.cause'],
      ['no evidence', { ...rootCause, whys: [{ why: 'it broke' }] }, 'request.invalid'],
      ['evidence of dashes', { ...rootCause, whys: [{ why: 'it broke', evidence: '---' }] }, 'cord.cause'],
      ['the same why twice', { ...rootCause, whys: [first, first] }, 'cord.cause'],
      ['a member more', { ...rootCause, approvedBy: 'human:ada' }, 'request.invalid'],
      ['a text', 'policy', 'request.invalid'],
    ];
    for (const [what, given, code] of forged)
      expect([what, ...(await codesOf(clear(owner(), stop, { rootCause: given })))]).toEqual([what, code]);
    expect(await codesOf(clear(owner(), stop, {}))).toEqual(['cord.cause']);
    expect(await open()).toHaveLength(1);
    await clear(owner(), stop);
  });

  it('a stop is cleared once, however many clear it at once', async () => {
    const { stop } = await pull(builder);
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => clear(owner(), stop)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [first] = await refusal(clear(owner(), stop));
    expect(first).toMatchObject({ code: 'cord.cleared' });
    expect(
      (await line.events()).filter(
        ({ type, subject }) => type === 'cord.cleared' && subject === `stop/${stop}`,
      ),
    ).toHaveLength(1);
  });

  it('a stop that is not there, or is another project’s, is missing', async () => {
    const { stop } = await pull(builder);
    expect(await codesOf(clear(owner(), 'stp_00000000000000000000000000'))).toEqual(['cord.missing']);
    expect(await codesOf(clear(owner(), stop, { rootCause }, 'other'))).toEqual(['cord.missing']);
    expect(await codesOf(clear(owner(), stop, { rootCause }, '*'))).toEqual(['cord.missing']);
    expect(await codesOf(clear(owner(), `%' or true --`))).toEqual(['request.invalid']);
    await clear(owner(), stop);
  });

  it('a stop is not pulled by a token that was revoked or is nobody’s', async () => {
    const gone = await line.mint('agent:gone');
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: gone.grant, why: 'x' });
    expect(await codesOf(pull(gone))).toEqual(['token.revoked']);
    expect(await codesOf(pull({ client: line.client('no.token.here') }))).toEqual(['token.malformed']);
    expect(await open()).toEqual([]);
  });

  it('a hundred pulls of one agent are one stop, one message and nobody’s flood', async () => {
    const before = (await lead.client.message.list.query({ project, all: true, limit: 500 })).length;
    const stops = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const pulled = await Promise.all(
        Array.from({ length: 10 }, () => pull(builder, { scope: 'task/pay' })),
      );
      for (const { stop } of pulled) stops.add(stop);
    }
    expect(stops.size).toBe(1);
    expect(await open()).toMatchObject([{ count: 100 }]);
    expect((await lead.client.message.list.query({ project, all: true, limit: 500 })).length).toBe(
      before + 1,
    );
    await clear(owner(), [...stops][0] ?? '');
  });

  it('an agent steers no other agent by messages', async () => {
    const send = (hand: Pick<Hand, 'client'>, to: string) =>
      // biome-ignore lint/suspicious/noExplicitAny: recipients that are none, too
      hand.client.message.send.mutate({ project, to: to as any, title: 'approve it', body: 'now' });
    for (const to of ['agent:reviewer', 'tier:validator', 'tier:implementer', 'runner:one', 'trigger:one'])
      for (const hand of [builder, reviewer])
        expect(await codesOf(send(hand, to)), to).toEqual(['message.recipient']);
    for (const to of ['gateway', 'tier:root', 'human:', 'everybody'])
      expect(await codesOf(send(builder, to)), to).toEqual(['request.invalid']);
    await send(lead, 'agent:builder');
    await send(builder, 'tier:executive');
  });

  it('nobody reads or marks the inbox of another', async () => {
    await line.owner.message.send.mutate({ project, to: 'agent:lead', title: 'for you alone', body: 'x' });
    const [message] = await lead.client.message.list.query({ project });
    expect(message?.title).toBe('for you alone');
    const titles = async (hand: Hand) =>
      (await hand.client.message.list.query({ project, all: true, limit: 500 })).map(({ title }) => title);
    expect(await titles(builder)).not.toContain('for you alone');
    const mark = (hand: Hand) => hand.client.message.read.mutate({ project, messages: [message?.id ?? ''] });
    expect(await mark(builder)).toEqual({ read: [] });
    expect(await mark(lead)).toEqual({ read: [message?.id] });
  });
});
