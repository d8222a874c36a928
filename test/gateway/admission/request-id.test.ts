import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client.ts';
import { canonicalJson } from '../../../src/store/log/chain.ts';
import { statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  pay: { title: Pay, phase: build, write: ["src/pay/**"] }
`;
const project = 'shop';

describe.each(enginesOf(import.meta.filename))('request ids, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let calls = 0;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line.close());

  const named = (token: string, requestId: string) =>
    createClient({ url: line.url, token: () => token, requestId });
  const fresh = (): string => `call-${calls++}`;

  it('gives fifty retries at once one effect and one answer', async () => {
    const client = named(builder.token, fresh());
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => client.task.claim.mutate({ project })),
    );
    expect(new Set(answers.map((answer) => canonicalJson(answer))).size).toBe(1);
    const claims = (await line.events()).filter(({ type }) => type === 'task.claimed');
    expect(claims).toHaveLength(1);
  });

  it('refuses another input, and another action, under a used id', async () => {
    const client = named(builder.token, fresh());
    await client.task.ask.mutate({ project, task: 'cart', question: 'Which?' });
    expect(await codesOf(client.task.ask.mutate({ project, task: 'cart', question: 'Who?' }))).toEqual([
      'request.replayed',
    ]);
    expect(await codesOf(client.token.renew.mutate({ project }))).toEqual(['request.replayed']);
  });

  it('keeps the ids of one principal apart from those of another', async () => {
    const id = fresh();
    const other = await line.mint('agent:other');
    const ask = (hand: Hand) =>
      named(hand.token, id).task.ask.mutate({ project, task: 'pay', question: 'Same?' });
    const [one, two] = [await ask(builder), await ask(other)];
    expect(one.question).not.toBe(two.question);
  });

  it('does not store a refusal: the call may be tried again', async () => {
    const id = fresh();
    const client = named(line.ownerToken(), id);
    const put = () => client.project.create.mutate({ project: 'later' });
    expect(
      await codesOf(client.task.steal.mutate({ project, task: 'nowhere', to: 'agent:x', why: 'y' })),
    ).toEqual(['task.missing']);
    expect((await put()).project).toBe('later');
  });

  it('mints the token of a repeated mint anew, and stores none', async () => {
    const client = named(line.ownerToken(), fresh());
    const mint = () => client.token.mint.mutate({ project, agent: 'agent:retried', cap: {} });
    const [one, two] = [await mint(), await mint()];
    expect(two.grant).toBe(one.grant);
    expect(two.token).toBeDefined();
    await line.client(two.token ?? '').task.list.query({ project });
    expect(await line.owner.token.list.query({ project, agent: 'agent:retried' })).toHaveLength(1);
    const stored = await line.app.gateway.store.rows<{ text: string }>(
      statement('', 'select answer::text as text from requests'),
    );
    const signature = (one.token ?? '').split('.')[2] ?? '';
    expect(stored.some(({ text }) => text.includes(signature) || text.includes('"token"'))).toBe(false);
  });

  it('answers a repeated renewal with the token it missed, and does not take it for theft', async () => {
    const hand = await line.mint('agent:renewer');
    const client = named(hand.token, fresh());
    const [one, two] = [
      await client.token.renew.mutate({ project }),
      await client.token.renew.mutate({ project }),
    ];
    expect(two.expires).toBe(one.expires);
    await line.client(two.token ?? '').task.list.query({ project });
  });

  it('gives no stored answer to a token that was revoked since', async () => {
    const hand = await line.mint('agent:gone');
    const client = named(hand.token, fresh());
    const ask = () => client.task.ask.mutate({ project, task: 'pay', question: 'Still?' });
    await ask();
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: hand.grant, why: 'x' });
    expect(await codesOf(ask())).toEqual(['token.revoked']);
  });
});
