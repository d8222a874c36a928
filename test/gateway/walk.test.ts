import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRouter } from '../../src/gateway/router.ts';
import { statement } from '../../src/store/store.ts';
import { type Action, actions } from '../../src/tiers/actions.ts';
import { enginesOf } from '../support/engines.ts';
import { codesOf, type Hand, type Line, openLine, passTime, refusal } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;
const project = 'shop';
/** Actions of the git endpoint, which is no part of the router. */
const gitActions: readonly Action[] = ['repo:fetch', 'repo:push'];

interface Walked {
  readonly path: string;
  readonly type: 'query' | 'mutation' | 'subscription';
  readonly meta: { readonly action: Action; readonly description: string } | undefined;
}

describe.each(enginesOf(import.meta.filename))('admission, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let walked: Walked[];
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
    const procedures = Object.entries(
      createRouter(line.app.gateway)._def.procedures as unknown as Record<
        string,
        { _def: Omit<Walked, 'path'> }
      >,
    );
    walked = procedures.map(([path, { _def }]) => ({ path, type: _def.type, meta: _def.meta }));
  });
  afterAll(() => line.close());

  const denials = async () => (await line.events()).filter(({ type }) => type === 'call.denied');

  it('names for every procedure an action of the table, of the right kind, and says what it does', () => {
    expect(walked.length).toBeGreaterThan(40);
    for (const { path, type, meta } of walked) {
      expect(Object.keys(actions), path).toContain(meta?.action);
      expect(meta?.description, path).toMatch(/^[A-Z].{15,}\.$/);
      expect(actions[meta?.action as Action].kind, path).toBe(type === 'mutation' ? 'mutation' : 'query');
    }
  });

  it('has no action that nothing asks for', () => {
    const used = new Set([...walked.map(({ meta }) => meta?.action), ...gitActions]);
    expect(Object.keys(actions).filter((action) => !used.has(action as Action))).toEqual([]);
  });

  it('answers nothing without a token, procedure by procedure', async () => {
    for (const { path, type } of walked) {
      const method = type === 'mutation' ? 'POST' : 'GET';
      const sent =
        type === 'subscription'
          ? { project, ...(path === 'gate.follow' ? { change: 'chg_00000000', gate: 'tests' } : {}) }
          : {
              project,
              task: 'cart',
              change: 'chg_00000000',
              text: 'x',
              agent: 'agent:x',
              why: 'x',
              epoch: 1,
              kind: 'grant',
              value: 'x',
            };
      const input = encodeURIComponent(JSON.stringify(sent));
      if (type === 'subscription') {
        const streamed = await fetch(`${line.url}/trpc/${path}?input=${input}`, {
          headers: { accept: 'text/event-stream' },
        });
        expect(await streamed.text(), path).toContain('token.missing');
        continue;
      }
      const body = method === 'POST' ? { body: '{}', headers: { 'content-type': 'application/json' } } : {};
      for (const search of ['', `?input=${input}`]) {
        const response = await fetch(`${line.url}/trpc/${path}${search}`, { method, ...body });
        expect([400, 401], `${path} ${response.status}`).toContain(response.status);
      }
    }
    const bare = await fetch(
      `${line.url}/trpc/task.list?input=${encodeURIComponent(JSON.stringify({ project }))}`,
    );
    expect(bare.status).toBe(401);
  });

  it('refuses a project that the token is not for, and one that does not exist', async () => {
    await line.owner.project.create.mutate({ project: 'other' });
    expect(await codesOf(builder.client.task.list.query({ project: 'other' }))).toEqual(['grant.project']);
    expect(await codesOf(builder.client.task.claim.mutate({ project: 'other' }))).toEqual(['grant.project']);
    expect(await codesOf(builder.client.task.list.query({ project: '*' }))).toEqual(['grant.project']);
    expect(await codesOf(line.owner.task.list.query({ project: 'nowhere' }))).toEqual(['project.missing']);
    expect(await codesOf(line.owner.task.claim.mutate({ project: 'nowhere' }))).toEqual(['project.missing']);
  });

  it('records a denial with every reason, and counts it when it repeats', async () => {
    const bound = await line.mint('agent:bound', { task: 'cart' });
    const before = (await denials()).length;
    const steal = () => bound.client.task.steal.mutate({ project, task: 'other', to: 'agent:x', why: 'y' });
    const reasons = await refusal(steal());
    expect(reasons.map(({ code }) => code)).toEqual(['grant.tier', 'grant.action', 'grant.task']);
    await codesOf(steal());
    await codesOf(steal());
    const after = (await denials()).slice(before);
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ actor: 'agent:bound', gid: bound.grant, allowed: false });
    expect(after[0]?.data.reasons).toEqual(reasons);
    const [row] = await line.app.gateway.store.rows<{ count: number }>(
      statement('', 'select count from denials where event = $1'),
      [after[0]?.id],
    );
    expect(row?.count).toBe(3);
    await passTime(601_000, line);
    await codesOf(steal());
    expect((await denials()).slice(before)).toHaveLength(2);
  });

  it('appends nothing for a query that is allowed', async () => {
    const reader = await line.mint('agent:reader');
    const before = (await line.events()).length;
    await reader.client.task.list.query({ project });
    await reader.client.plan.show.query({ project });
    await reader.client.token.explain.query({ project });
    expect((await line.events()).length).toBe(before);
  });

  it('records what is tried with a token that was revoked or has expired', async () => {
    const gone = await line.mint('agent:gone');
    const late = await line.mint('agent:late');
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: gone.grant, why: 'x' });
    expect(await codesOf(gone.client.task.claim.mutate({ project }))).toEqual(['token.revoked']);
    // Memory hears of it within 100 ms; until then a query may still be answered.
    await waitUntil(async () =>
      gone.client.task.list.query({ project }).then(
        () => false,
        () => true,
      ),
    );
    expect(await codesOf(gone.client.task.list.query({ project }))).toEqual(['token.revoked']);
    await passTime(15 * 60_000, line);
    expect(await codesOf(late.client.task.claim.mutate({ project }))).toEqual(['token.expired']);
    const recorded = (await denials()).map(({ actor, data }) => [actor, data.reasons[0].code]);
    expect(recorded).toContainEqual(['agent:gone', 'token.revoked']);
    expect(recorded).toContainEqual(['agent:late', 'token.expired']);
  });
});
