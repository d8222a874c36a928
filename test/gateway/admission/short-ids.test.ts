import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { id, idOrName, project, text } from '../../../src/gateway/admission/inputs.ts';
import { idMembers } from '../../../src/gateway/admission/short-ids.ts';
import { shortId } from '../../../src/lib/ids.ts';
import { statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Line, type Offered, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const plan = `
${planHead()}
gates:
  review: { by: validator }
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"], gates: [review] }
  pay:  { title: Pay, phase: build, write: ["src/pay/**"], gates: [review] }
`;
const shop = 'shop';
const like = statement(
  'test.twin',
  `insert into changes select $3, project, task, epoch, commit_id, base, candidate, tree, 'refused', author, gid, lin, rebuilt, note,
     landed_commit, created_at, state_at from changes where project = $1 and id = $2`,
);

describe('the members of an input that are ids', () => {
  it('are found in optional and in lists', () => {
    const input = z.strictObject({
      project,
      one: id,
      maybe: id.optional().describe('x'),
      more: z.array(id).min(1).max(9),
      other: idOrName,
      title: text(200),
    });
    expect(idMembers(input)).toEqual(['one', 'maybe', 'more', 'other']);
  });
});

describe.each(enginesOf(import.meta.filename))('ids in calls, on %s', (engine) => {
  let line: Line;
  let cart: Offered;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    const builder = await line.mint('agent:builder');
    cart = await line.offer(builder, 'cart', { 'src/cart/a.ts': 'export const a = 1;\n' });
  });
  afterAll(() => line.close());

  it('are whole, short, or a beginning that is unique in the project', async () => {
    const { change } = cart;
    for (const given of [
      change,
      shortId(change),
      change.slice(0, 29),
      change.slice(0, 20),
      change.slice(0, 9),
    ]) {
      expect((await line.change(given)).id, given).toBe(change);
      expect((await line.owner.gate.list.query({ project: shop, change: given })).length, given).toBe(1);
    }
    expect(await codesOf(line.change('chg_0000'))).toEqual(['change.missing']);
    expect(await codesOf(line.change('chg_01'))).toEqual(['request.invalid']);
  });

  it('are the same in a call that changes state, and in its log', async () => {
    const judge = await line.mint('agent:judge', { tier: 'validator' });
    const { change, tree } = cart;
    const given = { project: shop, change: change.slice(0, 12), tree };
    expect((await judge.client.gate.pass.mutate({ ...given, gate: 'review' })).change).toBe(change);
    const passed = (await line.events()).find(({ type }) => type === 'gate.passed');
    expect(passed?.subject).toBe(`change/${change}`);
    const { message } = await line.owner.message.send.mutate({
      project: shop,
      to: 'human:owner',
      title: 'x',
      body: 'y',
    });
    expect(
      await line.owner.message.read.mutate({ project: shop, messages: [shortId(message), 'msg_0000'] }),
    ).toEqual({ read: [message] });
    const { stop } = await line.owner.cord.pull.mutate({ project: shop, why: 'x' });
    expect(
      (
        await line.owner.cord.clear.mutate({
          project: shop,
          stop: stop.slice(0, 16),
          why: 'it was a false alarm',
        })
      ).stop,
    ).toBe(stop);
    const doomed = await line.mint('agent:doomed');
    const { revoked } = await line.owner.token.revoke.mutate({
      project: shop,
      kind: 'grant',
      value: shortId(doomed.grant),
      why: 'z',
    });
    expect(revoked.map(({ value }) => value)).toContain(doomed.grant);
  });

  it('name nothing when they fit two', async () => {
    const { change } = cart;
    const twin = `${change.slice(0, 22)}00000000`;
    await line.app.gateway.store.rows(like, [shop, change, twin]);
    expect(await codesOf(line.change(change.slice(0, 22)))).toEqual(['change.missing']);
    expect((await line.change(change)).id).toBe(change);
    expect((await line.change(shortId(twin))).id).toBe(twin);
  });

  it('are not looked up for a caller of another project', async () => {
    await line.owner.project.create.mutate({ project: `other-${engine}` });
    const stranger = await line.owner.token.mint.mutate({
      project: `other-${engine}`,
      agent: 'agent:x',
      cap: { tier: 'validator' },
    });
    const client = line.client(stranger.token ?? '');
    const { tree, change } = cart;
    const given = { project: shop, change: shortId(change), tree };
    await codesOf(client.verdict.approve.mutate(given));
    const denied = (await line.events()).filter(
      ({ type, actor }) => type === 'call.denied' && actor === 'agent:x',
    );
    expect(JSON.stringify(denied)).not.toContain(change);
  });
});
