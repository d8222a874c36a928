import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../../src/store/store.ts';
import { enginesOf, shiftClock } from '../../support/engines.ts';
import { codesOf, type Line, openLine, passTime, refusal } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `
${planHead()}
limits: { implementer: { complexity: 6, functionLines: 40 } }
agents:
  builder: { tier: implementer, skills: [typescript], write: ["src/cart/**"] }
  payer: { tier: implementer, write: ["src/**"] }
  reviewer: { tier: validator, role: CODE_REVIEWER }
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  pay: { title: Pay, phase: build, write: ["src/pay/**"] }
`;
const project = 'shop';

describe.each(enginesOf(import.meta.filename))('tokens through admission, on %s', (engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
  });
  afterAll(() => line.close());

  const list = (token: string) => line.client(token).task.list.query({ project });
  const left = async (gid: string) =>
    (await line.owner.token.list.query({ project, limit: 1000 })).find((row) => row.gid === gid)?.leftBudget;

  it('gives an implementer the write scopes and the ceilings of the plan', async () => {
    const { client } = await line.mint('agent:plain');
    const explained = await client.token.explain.query({ project });
    expect(explained).toMatchObject({ agent: 'agent:plain' });
    const [row] = await line.owner.token.list.query({ project, agent: 'agent:plain' });
    expect([...(row?.cap.w ?? [])].sort()).toEqual(['src/cart/**', 'src/pay/**']);
    expect(row?.cap).toMatchObject({
      complexity: 6,
      lines: 40,
      tier: 'implementer',
    });
  });

  it('shows and stores a grant under the names that clients and other versions know', async () => {
    const agent = 'agent:named';
    const { grant } = await line.mint(agent, { w: ['src/cart/**'], x: ['**/*.pem'], ops: ['task:read'] });
    const [row] = await line.owner.token.list.query({ project, agent });
    const cap = { w: ['src/cart/**'], r: ['**'], x: ['**/*.pem'], ops: ['task:read'], dops: [] };
    expect(row).toMatchObject({ gid: grant, cap });
    expect(row?.lin).toHaveLength(1);
    const stored = await line.app.gateway.store.rows(
      statement('', 'select gid, lin, cap from grants where agent = $1'),
      [agent],
    );
    expect(stored).toEqual([{ gid: grant, lin: row?.lin, cap: row?.cap }]);
    const [event] = (await line.events()).filter(({ subject }) => subject === `grant/${grant}`);
    expect(event?.data).toMatchObject({ w: ['src/cart/**'], x: ['**/*.pem'] });
  });

  it('fills in what a profile of the plan says, and refuses a profile that the plan does not have', async () => {
    await line.mint('agent:profiled', {}, { profile: 'builder' });
    const [row] = await line.owner.token.list.query({ project, agent: 'agent:profiled' });
    expect(row).toMatchObject({ profile: 'builder', cap: { w: ['src/cart/**'], skills: ['typescript'] } });
    expect(await codesOf(line.mint('agent:x', {}, { profile: 'nobody' }))).toEqual(['plan.reference']);
    expect(await codesOf(line.mint('agent:x', {}, { profile: 'constructor' }))).toEqual(['plan.reference']);
  });

  it('does not count a token as of the profile whose role or skills the caller chose', async () => {
    await line.mint('agent:bent', { role: 'GATEKEEPER' }, { profile: 'reviewer' });
    const [row] = await line.owner.token.list.query({ project, agent: 'agent:bent' });
    expect(row?.profile).toBeNull();
  });

  it('names a path that the parent does not cover when a child asks for more', async () => {
    const lead = await line.mint('agent:lead-narrow', { tier: 'executive', w: ['src/cart/**'] });
    const reasons = await refusal(
      line.mint('agent:wide', { tier: 'implementer', w: ['src/*/**'] }, {}, lead.client),
    );
    expect(reasons.map(({ code }) => code)).toContain('lattice.scope');
    expect(JSON.stringify(reasons)).toMatch(/src\/[^c]/);
  });

  it('mints nothing above the caller: tier, ops, project, depth', async () => {
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    expect(await codesOf(line.mint('agent:boss', { tier: 'executive' }, {}, lead.client))).toContain(
      'lattice.member',
    );
    expect(await codesOf(line.mint('human:eve', { tier: 'human' }, {}, lead.client))).toContain(
      'lattice.member',
    );
    const builder = await line.mint('agent:b', {}, {}, lead.client);
    expect(await codesOf(line.mint('agent:c', {}, {}, builder.client))).toContain('grant.tier');
    const ops = await codesOf(line.mint('agent:d', { ops: ['task:claim', 'plan:apply'] }, {}, lead.client));
    expect(ops).toContain('grant.tier');
  });

  it('refuses a capability for another project than the one that the call is about', async () => {
    await line.owner.project.create.mutate({ project: 'other' });
    const codes = await codesOf(line.mint('agent:cross', { project: 'other' }));
    expect(codes).toEqual(['grant.project']);
  });

  it('reserves budgets from the parent and returns what is left when the child ends', async () => {
    const lead = await line.mint('agent:payer', { tier: 'executive', budget: { commits: 10, children: 2 } });
    const child = await line.mint(
      'agent:paid',
      { budget: { commits: 4 } },
      { grantSeconds: 60 },
      lead.client,
    );
    expect(await left(lead.grant)).toMatchObject({ commits: 6, children: 1 });
    const codes = await codesOf(line.mint('agent:dear', { budget: { commits: 7 } }, {}, lead.client));
    expect(codes).toContain('budget.exhausted');
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: child.grant, why: 'done' });
    await waitUntil(async () => (await left(lead.grant))?.commits === 10);
    expect(await left(lead.grant)).toMatchObject({ commits: 10, children: 2 });
    const [row] = await line
      .events()
      .then((all) =>
        all.filter(({ type, subject }) => type === 'grant.returned' && subject === `grant/${child.grant}`),
      );
    expect(row?.data.parent).toBe(lead.grant);
  });

  it('lets a renewed token live for 30 s, and answers its successor to whoever renews it again in that time', async () => {
    const first = await line.mint('agent:racing', {}, { lifeSeconds: 300 });
    const renew = (token: string, more = {}) =>
      line.client(token).token.renew.mutate({ project, lifeSeconds: 200, ...more });
    const all = await Promise.all(Array.from({ length: 8 }, () => renew(first.token)));
    const claims = all.map(({ token = '' }) =>
      JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))),
    );
    expect(new Set(claims.map(({ jti, exp, iat }) => `${jti} ${exp} ${iat}`)).size).toBe(1);
    expect(claims[0].jti).not.toBe((await line.client(first.token).token.explain.query({ project })).token);
    await passTime(20_000, line);
    const late = await renew(first.token, { lifeSeconds: 290 });
    expect(late).toMatchObject({ expires: all[0]?.expires, repeated: true });
    const { task } = await line.client(late.token ?? '').task.claim.mutate({ project });
    const held = { project, task: task?.id ?? '', epoch: task?.epoch ?? 0 };
    await line.client(late.token ?? '').task.release.mutate({ ...held, why: 'a test' });
    const counted = (await line.events()).filter(
      ({ type, actor, data }) =>
        type === 'token.renewed' && actor === 'agent:racing' && data.repeated === true,
    );
    expect(counted).toHaveLength(8);
    expect(await line.app.gateway.metrics.registry.metrics()).toMatch(
      /^andon_token_renewals_repeated_total [1-9]/m,
    );
    // The successor is renewed as usual, and the chain of the grant goes on.
    const next = await renew(late.token ?? '');
    expect(next).not.toHaveProperty('repeated');
    await list(next.token ?? '');
  });

  it('revokes the grant when a renewed token is renewed again later', async () => {
    const first = await line.mint('agent:renewing');
    const next = await first.client.token.renew.mutate({ project });
    expect(next).not.toHaveProperty('draft');
    await list(first.token);
    await list(next.token ?? '');
    await passTime(31_000, line);
    expect(await codesOf(first.client.token.renew.mutate({ project }))).toEqual(['token.revoked']);
    expect(await codesOf(line.client(next.token ?? '').token.renew.mutate({ project }))).toContain(
      'token.revoked',
    );
    expect((await line.events()).map(({ type }) => type)).toContain('token.replayed');
  });

  it('revokes everything that descends from a revoked parent', async () => {
    const lead = await line.mint('agent:parent', { tier: 'executive' });
    const child = await line.mint('agent:child', {}, {}, lead.client);
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: lead.grant, why: 'gone' });
    expect(await codesOf(child.client.task.claim.mutate({ project }))).toEqual(['token.revoked']);
  });

  it('revokes a token together with its grant, and an agent with everything it holds', async () => {
    const one = await line.mint('agent:twice');
    const two = await line.mint('agent:twice');
    const { token } = await one.client.token.explain.query({ project });
    await line.owner.token.revoke.mutate({ project, kind: 'token', value: token ?? '', why: 'leaked' });
    expect(await codesOf(one.client.task.claim.mutate({ project }))).toEqual(['token.revoked']);
    await list(two.token);
    await line.owner.token.revoke.mutate({ project, kind: 'agent', value: 'agent:twice', why: 'gone' });
    expect(await codesOf(two.client.task.claim.mutate({ project }))).toEqual(['token.revoked']);
  });

  it('lets an executive revoke and terminate what descends from it, and nothing else', async () => {
    const lead = await line.mint('agent:lead-a', { tier: 'executive' });
    const own = await line.mint('agent:own', {}, {}, lead.client);
    const foreign = await line.mint('agent:foreign');
    const revoke = (kind: 'grant' | 'agent' | 'token' | 'key', value: string) =>
      lead.client.token.revoke.mutate({ project, kind, value, why: 'try' });
    expect(await codesOf(revoke('grant', foreign.grant))).toEqual(['grant.tier']);
    expect(await codesOf(revoke('agent', 'agent:foreign'))).toEqual(['grant.tier']);
    expect(await codesOf(revoke('agent', 'human:owner'))).not.toEqual([]);
    expect(await codesOf(revoke('agent', 'agent:unborn'))).toEqual(['agent.missing']);
    const { keys } = await line.owner.token.keys.query({ project });
    expect(await codesOf(revoke('key', keys[0]?.kid ?? ''))).toEqual(['grant.project']);
    expect(
      await codesOf(lead.client.agent.terminate.mutate({ project, agent: 'agent:foreign', why: 'x' })),
    ).toEqual(['grant.tier']);
    await revoke('grant', own.grant);
    await line.owner.task.list.query({ project });
    await foreign.client.task.list.query({ project });
  });

  it('keeps people of one project from revoking what holds in another or everywhere', async () => {
    const person = await line.mint('human:pat', { tier: 'human', project });
    const elsewhere = await line.owner.token.mint.mutate({
      project: 'other',
      agent: 'agent:elsewhere',
      cap: {},
    });
    const revoke = (kind: 'grant' | 'agent' | 'token', value: string) =>
      person.client.token.revoke.mutate({ project, kind, value, why: 'try' });
    expect(await codesOf(revoke('grant', elsewhere.grant))).toEqual(['grant.missing']);
    expect(await codesOf(revoke('agent', 'human:owner'))).toEqual(['grant.project']);
    const { grant, token } = await line.owner.token.explain.query({ project });
    expect(await codesOf(revoke('grant', grant))).toEqual(['grant.project']);
    expect(await codesOf(revoke('token', token ?? ''))).toEqual(['grant.project']);
    await line.owner.task.list.query({ project: 'other' });
    await line.client(elsewhere.token ?? '').task.list.query({ project: 'other' });
  });

  it('revokes a grant on every project in every project', async () => {
    const minted = await line.owner.token.mint.mutate({
      project: '*',
      agent: 'human:wide',
      cap: { tier: 'human' },
    });
    const client = line.client(minted.token ?? '');
    await line.owner.token.revoke.mutate({ project: '*', kind: 'grant', value: minted.grant, why: 'left' });
    for (const one of [project, 'other'])
      expect(await codesOf(client.task.claim.mutate({ project: one }))).toEqual(['token.revoked']);
  });

  it('does not revoke the key that signs: nobody could rotate it any more', async () => {
    const { keys } = await line.owner.token.keys.query({ project: '*' });
    const active = keys[0]?.kid ?? '';
    const revoke = () =>
      line.owner.token.revoke.mutate({ project: '*', kind: 'key', value: active, why: 'leaked' });
    expect(await codesOf(revoke())).toEqual(['key.active']);
    const before = await line.mint('agent:old-key');
    await line.owner.token.rotateKey.mutate({ project: '*' });
    await list(before.token);
    const renewed = await line.owner.token.renew.mutate({ project: '*' });
    await revoke();
    const codes = await codesOf(before.client.task.claim.mutate({ project }));
    expect(codes).toEqual(['token.revoked']);
    await list(renewed.token ?? '');
    await line.app.owner.refresh();
    await list(line.ownerToken());
  });

  it('ends an agent: its grants are revoked and its tasks go back to the pool', async () => {
    const worker = await line.mint('agent:worker');
    await worker.client.task.claim.mutate({ project, task: 'pay' });
    const ended = await line.owner.agent.terminate.mutate({ project, agent: 'agent:worker', why: 'idle' });
    expect(ended).toMatchObject({ grants: 1, tasks: ['pay'] });
    expect(await line.task('pay')).toMatchObject({ state: 'ready', holder: null });
    expect(await codesOf(worker.client.task.claim.mutate({ project }))).toEqual(['token.revoked']);
    const again = await line.mint('agent:worker');
    await list(again.token);
    expect(
      await codesOf(line.owner.agent.terminate.mutate({ project, agent: 'agent:nobody', why: 'x' })),
    ).toEqual(['agent.missing']);
  });

  it('renews no further than the grant lasts', async () => {
    const short = await line.mint('agent:short', {}, { grantSeconds: 60 });
    const renewed = await short.client.token.renew.mutate({ project });
    const [row] = await line.owner.token.list.query({ project, agent: 'agent:short' });
    expect(renewed.expires).toBeLessThanOrEqual(Math.ceil(Date.parse(String(row?.expiresAt)) / 1000));
    expect(short.grant).toBe(renewed.grant);
  });

  it('hands out no token that would not fit: a grant that cannot be signed is not written', async () => {
    const skills = Array.from({ length: 60 }, (_, i) => `skill-${i}-${'x'.repeat(50)}`);
    expect(await codesOf(line.mint('agent:fat', { skills, w: ['src/cart/**'] }))).toEqual(['grant.size']);
    expect(await line.owner.token.list.query({ project, agent: 'agent:fat' })).toEqual([]);
  });

  it('refuses every token that was minted before the epoch was raised', async () => {
    await line.owner.project.create.mutate({ project: 'epochs' });
    const mint = () => line.owner.token.mint.mutate({ project: 'epochs', agent: 'agent:e', cap: {} });
    const before = await mint();
    const lead = await line.owner.token.mint.mutate({
      project: 'epochs',
      agent: 'agent:l',
      cap: { tier: 'executive' },
    });
    const raise = (token: string) =>
      line.client(token).token.raiseEpoch.mutate({ project: 'epochs', why: 'restore' });
    expect(await codesOf(raise(lead.token ?? ''))).toEqual(['grant.tier']);
    await raise(line.ownerToken());
    // The token of the owner is on every project: it is written anew once the feed has told of the raise.
    const isAdmitted = () =>
      mint().then(
        () => true,
        () => false,
      );
    await waitUntil(isAdmitted);
    const claim = (token: string) => line.client(token).task.claim.mutate({ project: 'epochs' });
    expect(await codesOf(claim(before.token ?? ''))).toEqual(['token.revoked']);
    await claim((await mint()).token ?? '').catch((error: unknown) =>
      expect(String(error)).not.toMatch(/revoked/),
    );
  });

  it('writes no token into the database, not even in stored answers', async () => {
    const { owner } = line;
    const minted = await owner.token.mint.mutate({ project, agent: 'agent:kept', cap: {} });
    const signatures = [line.ownerToken(), minted.token ?? ''].map((token) => token.split('.')[2] ?? '');
    const tables = await line.app.gateway.store.rows<{ name: string }>(
      statement('', `select table_name as name from information_schema.tables where table_schema = 'public'`),
    );
    for (const { name } of tables) {
      const rows = await line.app.gateway.store.rows<{ text: string }>(
        statement('', `select t::text as text from "${name}" t`),
      );
      const held = rows.map(({ text }) => text).join('\n');
      for (const signature of signatures) expect(held.includes(signature), name).toBe(false);
    }
  });

  // The clock moves in the last test, since it takes the tokens of the tests above along.
  it('mints tokens that are good at once after the clock of the database has jumped', async () => {
    await shiftClock(line.app.gateway.store, 60_000);
    const minted = await line.mint('agent:jumped');
    const named = line.client(minted.token).token.explain.query({ project });
    expect(await named).toMatchObject({ agent: 'agent:jumped' });
  });

  it('kills the predecessor of a renewed token after 30 s and returns budgets of expired grants', async () => {
    const first = await line.mint('agent:late');
    const lead = await line.mint('agent:late-payer', {
      tier: 'executive',
      budget: { commits: 10, children: 2 },
    });
    await line.mint('agent:late-paid', { budget: { commits: 4 } }, { grantSeconds: 60 }, lead.client);
    const next = await first.client.token.renew.mutate({ project });
    await passTime(31_000, line);
    expect(await codesOf(first.client.task.claim.mutate({ project }))).toEqual(['token.revoked']);
    await line.client(next.token ?? '').task.claim.mutate({ project, task: 'cart' });
    await passTime(31_000, line);
    await waitUntil(async () => {
      await line.app.workers.tick();
      return (await left(lead.grant))?.commits === 10;
    });
    await passTime(15 * 60_000, line);
    const late = await codesOf(line.client(next.token ?? '').task.claim.mutate({ project }));
    expect(late).toEqual(['token.expired']);
  });
});
