import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/store/store.ts';
import { enginesOf } from '../support/engines.ts';
import { codesOf, type Hand, type Line, openLine, refusal } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead({ done: 'artefact' })}
gates: { look: { by: validator } }
agents:
  reviewer: { tier: validator, adapter: command, run: "true" }
  builder: { tier: implementer, adapter: command, run: "true" }
tasks:
${Array.from({ length: 20 }, (_, i) => `  t${i}: { title: T, phase: build }`).join('\n')}
  gated: { title: G, phase: build, gates: [look] }
`;
const project = 'shop';

describe.each(enginesOf(import.meta.filename))('judging what one had a part in, on %s', (engine) => {
  let line: Line;
  let next = 0;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
  });
  afterAll(() => line.close());

  interface Given {
    readonly task: string;
    readonly change: string;
    readonly tree: string;
  }
  async function submit(hand: Pick<Hand, 'client'>, task = `t${next++}`): Promise<Given> {
    const claimed = await hand.client.task.claim.mutate({ project, task });
    const held = { project, task, epoch: claimed.task?.epoch ?? 0 };
    return { task, ...(await hand.client.change.submit.mutate({ ...held, artefact: 'made' })) };
  }
  const approve = (hand: Pick<Hand, 'client'>, { change, tree }: Given, ownWork = false) =>
    hand.client.verdict.approve.mutate({ project, change, tree, ownWork });
  const reject = (hand: Pick<Hand, 'client'>, { change, tree }: Given) =>
    hand.client.verdict.reject.mutate({ project, change, tree, reasons: ['no'] });
  /** A run as a runner has one: its spawner never sees the token. */
  async function startRun(client: Hand['client'], profile: string, runner?: Hand) {
    const taker = runner ?? (await line.mint('runner:test', { role: 'RUNNER' }));
    const { run } = await client.agent.spawn.mutate({ project, profile });
    const { taken } = await taker.client.run.take.mutate({ project, runner: 'test', adapters: ['command'] });
    expect(taken?.run.id).toBe(run);
    return { client: line.client(taken?.token ?? '') };
  }
  const ties = async (call: Promise<unknown>) => {
    const reasons = await refusal(call);
    expect(new Set(reasons.map(({ code }) => code))).toEqual(new Set(['duty.separated']));
    return reasons.map(({ found }) => found);
  };

  it('is refused to the maker under another grant of the same name', async () => {
    const given = await submit(await line.mint('agent:two-faced'));
    const judge = await line.mint('agent:two-faced', { tier: 'validator' });
    expect(await ties(approve(judge, given))).toEqual(['maker of the change']);
    expect(await ties(reject(judge, given))).toEqual(['maker of the change']);
    await approve(await line.mint('agent:fair', { tier: 'validator' }), given);
  });

  it('is refused to who held the task in an earlier epoch', async () => {
    const first = await line.mint('agent:first');
    const { task } = await first.client.task.claim.mutate({ project, task: `t${next}` });
    await first.client.task.release.mutate({
      project,
      task: task?.id ?? '',
      epoch: task?.epoch ?? 0,
      why: 'x',
    });
    const given = await submit(await line.mint('agent:then'));
    expect(await ties(approve(await line.mint('agent:first', { tier: 'validator' }), given))).toEqual([
      'maker of the change',
    ]);
  });

  it('is refused to a validator of the same spawner, unless the plan fixes its profile', async () => {
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    const given = await submit(await line.mint('agent:hers', {}, {}, lead.client));
    const sibling = await line.mint('agent:sibling', { tier: 'validator' }, {}, lead.client);
    expect(await ties(approve(sibling, given))).toEqual(['spawned by the spawner of the maker']);
    const chosen = await line.mint(
      'agent:chosen',
      { role: 'VALIDATOR', r: ['src/**'] },
      { profile: 'reviewer' },
      lead.client,
    );
    expect(await ties(approve(chosen, given))).toEqual(['spawned by the spawner of the maker']);
    const started = await startRun(lead.client, 'reviewer');
    await approve(started, given);
    expect((await line.task(given.task)).state).toBe('done');
  });

  it('is refused to who was minted by the spawner, though the plan fixes the profile: the spawner has the token', async () => {
    const lead = await line.mint('agent:lead-both', { tier: 'executive' });
    const builder = await line.mint('agent:minted-b', {}, { profile: 'builder' }, lead.client);
    const judge = await line.mint('agent:minted-r', {}, { profile: 'reviewer' }, lead.client);
    const given = await submit(builder);
    expect(await ties(approve(judge, given))).toEqual(['spawned by the spawner of the maker']);
    expect(await ties(reject(judge, given))).toEqual(['spawned by the spawner of the maker']);
    const renewed = await judge.client.token.renew.mutate({ project });
    const again = { client: line.client(renewed.token ?? '') };
    expect(await ties(approve(again, given))).toEqual(['spawned by the spawner of the maker']);
    expect((await line.change(given.change)).state).toBe('judging');
  });

  it('is refused to a minted judge of what a run of the same spawner made, and not to a run', async () => {
    const lead = await line.mint('agent:lead-run', { tier: 'executive' });
    const given = await submit(await startRun(lead.client, 'builder'));
    const judge = await line.mint('agent:seen-r', {}, { profile: 'reviewer' }, lead.client);
    expect(await ties(approve(judge, given))).toEqual(['spawned by the spawner of the maker']);
    await approve(await startRun(lead.client, 'reviewer'), given);
  });

  it('is refused to a run whose token the spawner took itself, under a grant of an earlier version', async () => {
    const lead = await line.mint('agent:lead-taker', { tier: 'executive' });
    const given = await submit(await startRun(lead.client, 'builder'));
    const runner = await line.mint('runner:old', { role: 'RUNNER' });
    await line.app.gateway.store.rows(
      statement('', `update grants set agent = 'agent:lead-taker' where gid = $1`),
      [runner.grant],
    );
    const taken = await startRun(lead.client, 'reviewer', runner);
    expect(await ties(approve(taken, given))).toEqual(['spawned by the spawner of the maker']);
    await approve(await startRun(lead.client, 'reviewer'), given);
  });

  it('takes grants that do not say who has seen their tokens for seen, unless they belong to a run', async () => {
    const lead = await line.mint('agent:lead-old', { tier: 'executive' });
    const given = await submit(await line.mint('agent:old-b', {}, { profile: 'builder' }, lead.client));
    const judge = await line.mint('agent:old-r', {}, { profile: 'reviewer' }, lead.client);
    const started = await startRun(lead.client, 'reviewer');
    await line.app.gateway.store.rows(statement('', 'update grants set seen = null'));
    expect(await ties(approve(judge, given))).toEqual(['spawned by the spawner of the maker']);
    await approve(started, given);
  });

  it('counts living grants of one name as one holder', async () => {
    const lead = await line.mint('agent:lead-name', { tier: 'executive' });
    const given = await submit(await line.mint('agent:name-b', {}, {}, lead.client));
    const twin = await line.mint('agent:twin', {}, { profile: 'reviewer' }, lead.client);
    const judge = await line.mint('agent:twin', {}, { profile: 'reviewer' });
    expect(await ties(approve(judge, given))).toEqual(['spawned by the spawner of the maker']);
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: twin.grant, why: 'gone' });
    await approve(judge, given);
  });

  it('is refused to the agent that owns the trigger which started the maker', async () => {
    const given = await submit(await startRun(line.owner, 'builder'));
    await line.app.gateway.store.rows(
      statement(
        '',
        `update runs set trigger = 'trg_x', spawner = 'agent:owning' where gid = (select gid from changes where id = $1)`,
      ),
      [given.change],
    );
    const judge = await line.mint('agent:owning', { tier: 'validator' });
    expect(await ties(approve(judge, given))).toEqual(['owner of the trigger']);
  });

  it('is refused to a lone person unless they say that it is their own work, which is recorded', async () => {
    const given = await submit({ client: line.owner });
    expect(await ties(approve({ client: line.owner }, given))).toEqual(['maker of the change']);
    await approve({ client: line.owner }, given, true);
    const shown = await line.change(given.change);
    expect(shown.verdicts).toMatchObject([{ ownWork: true, byAgent: 'human:owner' }]);
    const [event] = (await line.events()).filter(
      ({ type, subject }) => type === 'verdict.given' && subject === `change/${given.change}`,
    );
    expect(event?.data).toMatchObject({ ownWork: true, approve: true });
  });

  it('is not opened to an agent by saying that it is its own work', async () => {
    const given = await submit(await line.mint('agent:sly'));
    const judge = await line.mint('agent:sly', { tier: 'validator' });
    expect(await ties(approve(judge, given, true))).toEqual(['maker of the change']);
  });

  it('is refused for manual gates too', async () => {
    const given = await submit(await line.mint('agent:gater'), 'gated');
    const pass = (hand: Hand) =>
      hand.client.gate.pass.mutate({ project, change: given.change, tree: given.tree, gate: 'look' });
    expect(await ties(pass(await line.mint('agent:gater', { tier: 'validator' })))).toEqual([
      'maker of the change',
    ]);
    await pass(await line.mint('agent:keeper', { tier: 'validator', role: 'GATEKEEPER' }));
  });

  it('is refused to roles without verdicts, and to every other tier', async () => {
    const given = await submit(await line.mint('agent:maker'));
    const keeper = await line.mint('agent:keeper', { tier: 'validator', role: 'GATEKEEPER' });
    expect(await codesOf(approve(keeper, given))).toEqual(['grant.action']);
    const lead = await line.mint('agent:lead-2', { tier: 'executive' });
    expect(await codesOf(approve(lead, given))).toContain('grant.tier');
    expect(await codesOf(reject(await line.mint('agent:peer'), given))).toContain('grant.tier');
  });
});
