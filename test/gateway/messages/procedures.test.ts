import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"] }
`;
const complicated = `export const f = (a) => {\n${Array.from({ length: 12 }, (_, i) => `  if (a === ${i}) return ${i};`).join('\n')}\n};\n`;

describe.each(enginesOf(import.meta.filename))('messages, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let lead: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder', { budget: { commits: 20 } });
    lead = await line.mint('agent:lead', { tier: 'executive' });
  });
  afterAll(() => line.close());

  const inbox = (hand: Pick<Hand, 'client'>, all = false) => hand.client.message.list.query({ project, all });

  it('are written to the agent and to the executives when a push breaks a policy, once while it repeats', async () => {
    const { task, branch } = await builder.client.task.claim.mutate({ project, task: 'cart' });
    expect(task?.id).toBe('cart');
    await line.commit({ 'pay/a.js': '1;\n', 'cart/b.js': complicated });
    for (let i = 0; i < 3; i++) await expect(line.push(builder, branch ?? '')).rejects.toThrow('scope.write');
    const own = await inbox(builder);
    expect(own).toMatchObject([
      { kind: 'alert', recipient: 'agent:builder', title: expect.stringContaining('refused:') },
    ]);
    expect(own[0]?.body).toContain('scope.write: `pay/a.js`');
    expect(own[0]?.body).toContain('complexity: ');
    const above = await inbox(lead);
    expect(above).toHaveLength(1);
    expect(above[0]?.title).toBe('agent:builder was refused: scope.write, complexity');
    expect(above[0]?.data).toMatchObject({ agent: 'agent:builder', action: 'repo:push' });
  });

  it('tell of another violation as of a new one, and of no lost lease', async () => {
    const before = (await inbox(lead)).length;
    await line.commit({ 'pay/other.js': '2;\n' });
    await expect(line.push(builder, 'task/cart/1/work')).rejects.toThrow('scope.write');
    expect(await inbox(lead)).toHaveLength(before + 1);
    await line.commit({ 'cart/c.js': '3;\n' });
    await expect(line.push(builder, 'task/cart/9/work')).rejects.toThrow('lease.lost');
    expect(await inbox(lead)).toHaveLength(before + 1);
  });

  it('are read once: what is marked is shown with all only, and one to a tier is read for all of it', async () => {
    const second = await line.mint('agent:lead-2', { tier: 'executive' });
    const ids = (await inbox(lead)).map(({ id }) => id);
    expect((await inbox(second)).map(({ id }) => id)).toEqual(ids);
    expect((await lead.client.message.read.mutate({ project, messages: ids })).read.sort()).toEqual(
      [...ids].sort(),
    );
    expect(await inbox(lead)).toEqual([]);
    expect(await inbox(second)).toEqual([]);
    expect((await inbox(second, true)).map(({ readBy }) => readBy)).toEqual(ids.map(() => 'agent:lead'));
    expect(await second.client.message.read.mutate({ project, messages: ids })).toEqual({ read: [] });
  });

  it('go from everybody to executives and people, with who wrote them', async () => {
    const body = 'the schema is missing';
    await builder.client.message.send.mutate({
      project,
      to: 'tier:executive',
      kind: 'blocker',
      title: 'stuck',
      body,
    });
    expect(await inbox(lead)).toMatchObject([
      { title: 'stuck', body, kind: 'blocker', data: { from: 'agent:builder' } },
    ]);
    await builder.client.message.send.mutate({ project, to: 'tier:human', title: 'hello', body });
    expect((await inbox({ client: line.owner })).map(({ title }) => title)).toContain('hello');
    const sent = (await line.events()).filter(({ type }) => type === 'message.sent');
    expect(sent.map(({ actor, data }) => [actor, data.to])).toEqual([
      ['agent:builder', 'tier:executive'],
      ['agent:builder', 'tier:human'],
    ]);
  });
});
