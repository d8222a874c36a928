import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../src/lib/limits.ts';
import { enginesOf } from '../../support/engines.ts';
import { sourceRepository } from '../../support/gateway.ts';
import { codesOf, type Hand, type Line, openLine, passTime } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const planOf = (project: string): string => `
${planHead({ project })}
limits: { implementer: { complexity: ${project === 'shop' ? 6 : 4} } }
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"] }
`;
const project = 'shop';
const why = 'a test';

describe.each(enginesOf(import.meta.filename))('a grant over several projects, on %s', (engine) => {
  let line: Line;
  const lead = (agent: string, projects: string[], cap = {}) =>
    line.mint(agent, { tier: 'executive', role: 'LEAD', ...cap }, { projects } as object);
  const addProject = async (name: string): Promise<void> => {
    const source = await sourceRepository({ 'README.md': `# ${name}\n` });
    await line.owner.project.create.mutate({ project: name, source });
    await line.owner.plan.put.mutate({ project: name, text: planOf(name) });
  };
  const get = async ({ client }: Pick<Hand, 'client'>, name: string, from = project) => {
    const { token = '' } = await client.token.get.mutate({ project: from, for: name });
    return { token, client: line.client(token) };
  };
  const reads = ({ client }: Pick<Hand, 'client'>, name: string) => client.task.list.query({ project: name });
  const renews = ({ client }: Pick<Hand, 'client'>, name: string) =>
    client.token.renew.mutate({ project: name });

  beforeAll(async () => {
    line = await openLine(engine, { plan: planOf(project) });
    for (const name of ['docs', 'api', 'web']) await addProject(name);
  });
  afterAll(() => line.close());

  it('gives tokens that name one project each, with its epoch and its plan, and none beyond the grant', async () => {
    const hand = await lead('agent:lead-one', ['docs']);
    const docs = await get(hand, 'docs');
    expect(await reads(docs, 'docs')).toHaveLength(1);
    expect(await codesOf(reads(docs, project))).toEqual(['grant.project']);
    expect(await codesOf(reads(hand, 'docs'))).toEqual(['grant.project']);
    expect(await codesOf(get(hand, 'api'))).toEqual(['grant.project']);
    expect(await codesOf(get(hand, 'nowhere'))).toEqual(['project.missing']);
    expect(await codesOf(get(hand, project))).toEqual(['request.invalid']);
    const mint = { project: 'docs', agent: 'agent:child', cap: { tier: 'implementer' as const } };
    await docs.client.token.mint.mutate(mint);
    const [child] = await line.owner.token.list.query({ project: 'docs', agent: 'agent:child' });
    expect(child?.cap).toMatchObject({ project: 'docs', plan: 'docs', complexity: 4 });
    expect((await line.owner.token.list.query({ project: 'docs', agent: 'agent:lead-one' })).length).toBe(1);
  });

  it('is given by people alone, to executives and validators, over projects that there are', async () => {
    expect(await codesOf(line.mint('agent:b', {}, { projects: ['docs'] } as object))).toEqual([
      'lattice.member',
    ]);
    expect(await codesOf(lead('agent:c', ['nowhere']))).toEqual(['project.missing']);
    const person = await line.mint('human:eve', { tier: 'human' });
    const asked = { project, agent: 'agent:d', cap: { tier: 'validator' as const }, projects: ['docs'] };
    expect(await codesOf(person.client.token.mint.mutate(asked))).toEqual(['grant.project']);
    const boss = await lead('agent:boss', ['*']);
    expect(await codesOf(boss.client.token.mint.mutate({ ...asked, projects: [project] }))).toEqual([
      'grant.tier',
    ]);
    const single = await line.mint('agent:single', { tier: 'validator' });
    expect(await codesOf(get(single, 'docs'))).toEqual(['grant.project']);
  });

  it('covers a project that was made later when it names all', async () => {
    const judge = await line.mint('agent:judge', { tier: 'validator' }, { projects: ['*'] } as object);
    await addProject('later');
    expect(await reads(await get(judge, 'later'), 'later')).toHaveLength(1);
    await line.owner.token.raiseEpoch.mutate({ project: 'later', why });
    expect(await codesOf(get(judge, 'later'))).toEqual(['token.revoked']);
  });

  it('ends in the project whose epoch is raised, and there alone', async () => {
    const hand = await lead('agent:lead-epoch', ['api', 'web']);
    const [api, web] = [await get(hand, 'api'), await get(hand, 'web')];
    await line.owner.token.raiseEpoch.mutate({ project: 'api', why });
    await waitUntil(async () => (await codesOf(reads(api, 'api')).catch(() => [])).length > 0);
    expect(await codesOf(renews(api, 'api'))).toEqual(['token.revoked']);
    expect(await codesOf(get(hand, 'api'))).toEqual(['token.revoked']);
    expect(await codesOf(get(web, 'api', 'web'))).toEqual(['token.revoked']);
    expect(await reads(web, 'web')).toHaveLength(1);
    expect(await reads(hand, project)).toHaveLength(1);
    const anew = await lead('agent:lead-anew', ['api']);
    expect(await reads(await get(anew, 'api'), 'api')).toHaveLength(1);
  });

  it('draws every project on one budget', async () => {
    const hand = await lead('agent:lead-budget', ['docs'], { budget: { children: 2 } });
    const docs = await get(hand, 'docs');
    const mint = (client: Hand['client'], name: string, agent: string) =>
      client.token.mint.mutate({ project: name, agent, cap: { tier: 'implementer' } });
    await mint(hand.client, project, 'agent:k1');
    await mint(docs.client, 'docs', 'agent:k2');
    expect(await codesOf(mint(docs.client, 'docs', 'agent:k3'))).toContain('budget.exhausted');
  });

  it('counts renewal and theft by project: a token of one takes no place of another', async () => {
    const hand = await lead('agent:lead-theft', ['docs', 'web']);
    const first = await get(hand, 'docs');
    const web = await get(hand, 'web');
    const second = await get(hand, 'docs');
    expect(await reads(hand, project)).toHaveLength(1);
    expect((await renews(first, 'docs')).expires).toBeGreaterThan(0);
    await passTime(limits.replacedGraceMs + 2_000, line);
    expect(await reads(web, 'web')).toHaveLength(1);
    expect(await reads(second, 'docs')).toHaveLength(1);
    expect(await codesOf(get(first, 'web', 'docs'))).toEqual(['token.revoked']);
    expect(await codesOf(renews(first, 'docs'))).toEqual(['token.revoked']);
    for (const [one, name] of [
      [hand, project],
      [second, 'docs'],
      [web, 'web'],
    ] as const)
      expect(await codesOf(renews(one, name))).toEqual(['token.revoked']);
  });

  it('ends where it is revoked: in one project, or for `*` in all', async () => {
    const hand = await lead('agent:lead-gone', ['docs', 'web']);
    const [docs, web] = [await get(hand, 'docs'), await get(hand, 'web')];
    const person = await line.owner.token.mint.mutate({
      project: 'docs',
      agent: 'human:doc',
      cap: { tier: 'human' },
    });
    const doc = line.client(person.token ?? '');
    await doc.token.revoke.mutate({ project: 'docs', kind: 'grant', value: hand.grant, why });
    expect(await codesOf(renews(docs, 'docs'))).toEqual(['token.revoked']);
    await waitUntil(async () => (await codesOf(reads(docs, 'docs')).catch(() => [])).length > 0);
    expect(await codesOf(get(hand, 'docs'))).toEqual(['token.revoked']);
    expect(await reads(web, 'web')).toHaveLength(1);
    expect(await reads(hand, project)).toHaveLength(1);
    await line.owner.agent.terminate.mutate({ project: 'web', agent: 'agent:lead-gone', why });
    expect(await codesOf(renews(web, 'web'))).toEqual(['token.revoked']);
    expect(await reads(hand, project)).toHaveLength(1);
    await line.owner.token.revoke.mutate({ project: '*', kind: 'grant', value: hand.grant, why });
    expect(await codesOf(renews(hand, project))).toEqual(['token.revoked']);
  });

  it('refuses a token on every project where the epoch was raised after it was issued, until it is renewed', async () => {
    const minted = await line.owner.token.mint.mutate({
      project: '*',
      agent: 'human:all',
      cap: { tier: 'human' },
    });
    const all = line.client(minted.token ?? '');
    expect(await reads({ client: all }, 'web')).toHaveLength(1);
    await passTime(2_000, line);
    await line.owner.token.raiseEpoch.mutate({ project: 'web', why });
    const say = (client: Hand['client'], name: string) =>
      client.message.send.mutate({ project: name, to: 'human:owner', title: 'here', body: 'here' });
    expect(await codesOf(say(all, 'web'))).toEqual(['token.revoked']);
    await waitUntil(async () => (await codesOf(reads({ client: all }, 'web')).catch(() => [])).length > 0);
    expect(await reads({ client: all }, 'docs')).toHaveLength(1);
    const { token = '' } = await all.token.renew.mutate({ project: 'web' });
    expect(await reads({ client: line.client(token) }, 'web')).toHaveLength(1);
  });
});
