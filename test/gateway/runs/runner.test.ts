import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../../src/client.ts';
import { lockRun, startRun, writeEnd } from '../../../src/runs/rows.ts';
import { statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { passTime } from '../../support/line.ts';
import { movesPastTables, recordMoves, seenMoves } from '../../support/moves.ts';

const project = 'crew';
const plan = `version: 1
project: ${project}
done: landed
lease: 60s
phases: [build]
limits: { runs: 40 }
agents:
  builder: { tier: implementer, adapter: command, run: "true", budget: { tokens: 100 }, retries: 1 }
  judge: { tier: validator, adapter: command, run: "true", retries: 1 }
tasks:
  t1: { title: T, phase: build, write: ["src/**"] }
`;
const noUsage = { tokens: 0, usdMicro: 0, turns: 0 };
const seen = { exitCode: 0, signal: null, usage: noUsage, verdict: { problem: 'missing' as const } };

/** The code of the first reason that a call was refused with, and its value found. */
const refusal = async (call: Promise<unknown>): Promise<readonly [string, string]> => {
  const error = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  type Refused = {
    data: { andon: { reasons: { code: string; found?: string; rule: string; next: string }[] } };
  };
  const [first] = (error as Refused | undefined)?.data.andon.reasons ?? [];
  expect(first?.rule).toBeTruthy();
  expect(first?.next).toBeTruthy();
  return [first?.code ?? 'allowed', first?.found ?? ''];
};

describe.each(enginesOf(import.meta.filename))('what a runner may say of a run, on %s', (engine) => {
  let gateway: TestGateway;
  let source: string;
  let mine: Client;
  let other: Client;

  beforeAll(async () => {
    gateway = await startTestGateway(engine);
    source = await sourceRepository({ 'src/a.ts': 'export const a = 1;\n' });
    await gateway.owner.project.create.mutate({ project, source });
    await gateway.owner.plan.put.mutate({ project, text: plan });
    await recordMoves(gateway.app.gateway.store);
    mine = await runner('mine');
    other = await runner('other');
  });
  afterAll(async () => {
    await gateway?.close();
    rmSync(source, { recursive: true, force: true });
  });

  // A run without a verdict pulls the cord: the next test begins with a line that runs.
  afterEach(async () => {
    const whys = [{ why: 'a test ended it', evidence: 'this test' }];
    const rootCause = { whys, kind: 'test' as const, prevention: 'none' };
    for (const { id } of (await gateway.owner.cord.status.query({ project })).stops)
      await gateway.owner.cord.clear.mutate({ project, stop: id, rootCause });
  });

  async function mint(agent: string, role: string): Promise<Client> {
    const { token = '' } = await gateway.owner.token.mint.mutate({ project, agent, cap: { role } });
    return gateway.client(token);
  }
  const runner = (name: string): Promise<Client> => mint(`runner:${name}`, 'RUNNER');
  const spawn = async (by: Client = gateway.owner, profile = 'judge'): Promise<string> =>
    (await by.agent.spawn.mutate({ project, profile })).run;
  const take = async (client: Client, name = 'mine') =>
    (await client.run.take.mutate({ project, runner: name, adapters: ['command'] })).taken;
  async function taken(profile = 'judge') {
    const run = await spawn(gateway.owner, profile);
    const order = await take(mine);
    expect(order?.run.id).toBe(run);
    return { run, token: order?.token ?? '', expires: order?.expires ?? 0 };
  }
  const beat = (client: Client, run: string, expires: number, usage = noUsage, name = 'mine') =>
    client.run.renew.mutate({ project, run, runner: name, usage, expires });
  const end = (client: Client, run: string, name = 'mine') =>
    client.run.end.mutate({ project, run, runner: name, cause: 'exited', ...seen });

  it('is nothing for who did not take it, under its own name or under that of who did', async () => {
    const { run, expires } = await taken();
    expect(await refusal(beat(other, run, expires, noUsage, 'other'))).toEqual(['run.lost', 'mine']);
    expect(await refusal(beat(other, run, expires))).toEqual(['run.lost', 'mine, with another grant']);
    expect(await refusal(end(other, run))).toEqual(['run.lost', 'mine, with another grant']);
    const start = { project, run, runner: 'mine', sandbox: 'none' as const, epoch: null };
    expect(await refusal(other.run.start.mutate(start))).toEqual(['run.lost', 'mine, with another grant']);
    await mine.run.start.mutate(start);
    await end(mine, run);
  });

  it('is nothing once the run has ended, or was never there', async () => {
    const { run, expires } = await taken();
    await end(mine, run);
    expect(await refusal(beat(mine, run, expires))).toEqual(['run.lost', 'ended: missing_verdict']);
    expect((await refusal(beat(mine, 'run_0000000000aaaaaaaaaaaaaaaa', expires)))[0]).toBe('run.missing');
  });

  it('is for runners alone: no lead, implementer or validator takes a run', async () => {
    for (const role of ['LEAD', 'IMPLEMENTER', 'VALIDATOR']) {
      const client = await mint(`agent:${role.toLowerCase()}`, role);
      expect((await refusal(take(client)))[0]).toMatch(/^grant\.(tier|action)$/);
    }
  });

  it('brings a token only when the one it has is half spent', async () => {
    const { run, expires } = await taken();
    expect(await beat(mine, run, expires)).toMatchObject({ expires: null, stop: null, spent: [] });
    const late = await beat(mine, run, expires - 10 * 60);
    expect(late.token).toMatch(/^eyJ/);
    await end(mine, run);
  });

  it('takes what is spent from the grant of the run, and says when there is nothing left', async () => {
    const { run, expires } = await taken('builder');
    const left = async () => {
      const { gid } = await gateway.owner.run.show.query({ project, run });
      const rows = await gateway.app.gateway.store.rows<{ left: { tokens: number } }>(
        { name: '', text: 'select left_budget as left from grants where gid = $1' },
        [gid],
      );
      return rows[0]?.left.tokens;
    };
    expect((await beat(mine, run, expires, { ...noUsage, tokens: 60 })).spent).toEqual([]);
    // A report that comes twice, or late, takes nothing again.
    expect((await beat(mine, run, expires, { ...noUsage, tokens: 60 })).spent).toEqual([]);
    expect(await left()).toBe(40);
    expect((await beat(mine, run, expires, { ...noUsage, tokens: 160 })).spent).toEqual(['tokens']);
    expect(await left()).toBe(0);
    await end(mine, run);
  });

  it('tells the context of the run once, bounded, in its row, its end and the record of its task', async () => {
    const { run } = await gateway.owner.agent.spawn.mutate({ project, profile: 'builder', task: 't1' });
    const order = await take(mine);
    expect(order?.run.id).toBe(run);
    const agent = gateway.client(order?.token ?? '');
    const claimed = await agent.task.claim.mutate({ project, task: 't1' });
    const start = { project, run, runner: 'mine', sandbox: 'none' as const, epoch: claimed.task?.epoch ?? 0 };
    await mine.run.start.mutate(start);
    const part = {
      kind: 'file' as const,
      source: 'src/a.ts',
      why: 'I need it',
      loads: 1,
      characters: 60,
      used: null,
    };
    const sizes = {
      firstTokens: 900,
      mostTokens: 4_000,
      lastTokens: 4_000,
      loads: 3,
      loadedCharacters: 100,
      usedCharacters: 10,
    };
    const said = { project, run, runner: 'mine', ...sizes, parts: [part], more: 2 };
    expect(await refusal(other.run.context.mutate(said))).toEqual(['run.lost', 'mine, with another grant']);
    expect((await refusal(agent.run.context.mutate(said)))[0]).toMatch(/^grant\.(tier|action)$/);
    const many = { ...said, parts: Array.from({ length: 101 }, () => part) };
    expect((await refusal(mine.run.context.mutate(many)))[0]).toBe('request.invalid');
    const long = { ...said, parts: [{ ...part, source: 'x'.repeat(301) }] };
    expect((await refusal(mine.run.context.mutate(long)))[0]).toBe('request.invalid');
    await mine.run.context.mutate(said);
    await end(mine, run);
    const { store } = gateway.app.gateway;
    const [ended] = await store.rows<{ context: object }>(
      statement(
        '',
        `select data->'context' as context from events where type = 'run.ended' and subject = $1`,
      ),
      [`run/${run}`],
    );
    expect(ended?.context).toEqual(sizes);
    const context = () => gateway.owner.record.context.query({ project, task: 't1' });
    const epoch = claimed.task?.epoch;
    expect(await context()).toEqual([
      expect.objectContaining({
        run,
        profile: 'builder',
        epoch,
        context: { ...sizes, parts: [part], more: 2 },
      }),
    ]);
    // A file that the pushed work changed was used, whatever the program showed.
    const files = statement(
      '',
      `update task_attempts set files = '{src/a.ts}' where project = $1 and task = 't1'`,
    );
    await store.rows(files, [project]);
    const [one] = await context();
    expect(one?.context.parts[0]?.used).toBe('edited');
    expect(one?.context.usedCharacters).toBe(70);
    expect((await refusal(gateway.owner.record.context.query({ project, task: 'none' })))[0]).toBe(
      'task.missing',
    );
  });

  it('is ended for it once it is silent for a lease, and its token is dead', async () => {
    const { run, token, expires } = await taken();
    await passTime(120_000, gateway);
    expect((await refusal(beat(mine, run, expires)))[0]).toBe('run.lost');
    await gateway.app.workers.tick();
    expect((await gateway.owner.run.show.query({ project, run })).outcome).toBe('lost_lease');
    expect(
      (await refusal(gateway.client(token).task.ask.mutate({ project, task: 't1', question: 'x' })))[0],
    ).toBe('token.revoked');
  });

  it('begins no other attempt under a spawner that is gone, and tells the executives instead', async () => {
    const lead = await mint('agent:gone', 'LEAD');
    const drained = async (): Promise<void> => {
      for (const { id } of (await gateway.owner.run.list.query({ project, states: ['waiting'] })).runs)
        await gateway.owner.run.stop.mutate({ project, run: id, why: 'make room' });
    };
    await drained();
    const run = await spawn(lead);
    expect((await take(mine))?.run.id).toBe(run);
    await gateway.owner.token.revoke.mutate({ project, kind: 'agent', value: 'agent:gone', why: 'gone' });
    await mine.run.end.mutate({ project, run, runner: 'mine', cause: 'exited', ...seen, exitCode: 1 });
    const { runs } = await gateway.owner.run.list.query({ project });
    expect(runs.find(({ id }) => id === run)?.outcome).toBe('crashed');
    expect(runs.filter(({ state }) => state === 'waiting')).toEqual([]);
    const told = await gateway.app.gateway.store.rows<{ recipient: string }>(
      { name: '', text: 'select recipient from messages where subject = $1' },
      [`run/${run}`],
    );
    expect(told.map(({ recipient }) => recipient)).toContain('tier:executive');
  });

  it('ends by a stop of people, or of the executive it descends from, and by that of no other', async () => {
    const [lead, stranger] = [await mint('agent:lead', 'LEAD'), await mint('agent:stranger', 'LEAD')];
    const run = await spawn(lead);
    const stop = (by: Client) => by.run.stop.mutate({ project, run, why: 'enough' });
    expect((await refusal(stop(stranger)))[0]).toBe('grant.tier');
    expect(await stop(lead)).toMatchObject({ state: 'waiting' });
    expect(await gateway.owner.run.show.query({ project, run })).toMatchObject({ outcome: 'cancelled' });
    expect(await refusal(stop(gateway.owner))).toEqual(['run.ended', 'cancelled']);
  });

  it('moves no run that has ended, whatever its caller believed', async () => {
    const { run } = await taken();
    await end(mine, run);
    const { store } = gateway.app.gateway;
    const before = await store.transaction((tx) => lockRun(tx, project, run));
    const judged = { outcome: 'crashed', note: '', contradiction: null } as never;
    const twice = store.transaction((tx) =>
      writeEnd(tx, { project, id: run }, judged, { ...seen, verdict: undefined }),
    );
    await expect(twice).rejects.toThrow('run.end found no row in a state from which it leads');
    const again = store.transaction((tx) => startRun(tx, project, run, { sandbox: 'none', epoch: null }));
    await expect(again).rejects.toThrow('run.start found no row in a state from which it leads');
    expect(await store.transaction((tx) => lockRun(tx, project, run))).toEqual(before);
  });

  it('moved runs and their tasks as their tables say, in all of the above', async () => {
    const { store } = gateway.app.gateway;
    expect(await movesPastTables(store)).toEqual([]);
    expect(await seenMoves(store)).toEqual(
      expect.arrayContaining(['runs: waiting → taken', 'runs: taken → running', 'runs: taken → ended']),
    );
  });
});
