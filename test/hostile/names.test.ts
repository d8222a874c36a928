import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/store/store.ts';
import { enginesOf } from '../support/engines.ts';
import { codesOf, type Hand, type Line, openLine, passTime, refusal } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead({ done: 'artefact' })}
agents:
  reviewer: { tier: validator, adapter: command, run: "true", maxDuration: 30m }
tasks:
  t: { title: T, phase: build }
`;
const project = 'shop';
const minute = 60_000;
const hour = 60 * minute;

describe.each(enginesOf(import.meta.filename))('names and ends of grants, on %s', (engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
  });
  afterAll(() => line.close());

  const lead = (name: string, grantSeconds?: number): Promise<Hand> =>
    line.mint(`agent:${name}`, { tier: 'executive' }, grantSeconds === undefined ? {} : { grantSeconds });
  const endOf = async (gid: string): Promise<Date> => {
    const rows = await line.app.gateway.store.rows<{ end: Date }>(
      statement('', 'select expires_at as "end" from grants where gid = $1'),
      [gid],
    );
    return rows[0]?.end ?? new Date(Number.NaN);
  };
  const now = async (): Promise<number> => {
    const rows = await line.app.gateway.store.rows<{ now: Date }>(statement('', 'select andon_now() as now'));
    return rows[0]?.now.getTime() ?? Number.NaN;
  };

  describe('a name', () => {
    it.each(['human:owner', 'human:nobody-yet', 'runner:local', 'runner:new'])(
      'is not given by an executive: %s',
      async (name) => {
        const by = await lead(`namer-${name.replace(':', '-')}`);
        for (const tier of ['implementer', 'validator'] as const) {
          const codes = await codesOf(line.mint(name, { tier }, {}, by.client));
          expect(new Set(codes)).toEqual(
            new Set(['grant.name', ...(name === 'human:owner' ? ['grant.taken'] : [])]),
          );
        }
      },
    );

    it('is of the kind that its tier and role have, for people who give it too', async () => {
      expect(await codesOf(line.mint('human:impl', { tier: 'implementer' }))).toEqual(['grant.name']);
      expect(await codesOf(line.mint('runner:impl', { tier: 'implementer' }))).toEqual(['grant.name']);
      expect(await codesOf(line.mint('agent:run', { role: 'RUNNER' }))).toEqual(['grant.name']);
      expect(await codesOf(line.mint('agent:person', { tier: 'human' }))).toEqual(['grant.name']);
      expect(await codesOf(line.mint('trigger:x', { tier: 'implementer' }))).toEqual(['grant.name']);
      const [reason] = await refusal(line.mint('human:impl', { tier: 'implementer' }));
      expect(reason).toMatchObject({ found: 'implementer IMPLEMENTER', limit: 'agent:…' });
      await line.mint('human:pat', { tier: 'human', project });
      await line.mint('runner:mac', { role: 'RUNNER' });
    });

    it('that a living grant bears is given again only by the parent of that grant, or a person', async () => {
      const first = await lead('first');
      const second = await lead('second');
      const worker = await line.mint('agent:worker', {}, {}, first.client);
      expect(await codesOf(line.mint('agent:worker', {}, {}, second.client))).toEqual(['grant.taken']);
      expect(await codesOf(line.mint('agent:second', {}, {}, second.client))).toEqual(['grant.taken']);
      expect(await codesOf(line.mint('agent:first', {}, {}, second.client))).toEqual(['grant.taken']);
      const again = await line.mint('agent:worker', {}, {}, first.client);
      await line.mint('agent:worker');
      // A person has given the name out by now as well: it is no longer the first's alone.
      expect(await codesOf(line.mint('agent:worker', {}, {}, first.client))).toEqual(['grant.taken']);
      for (const { grant } of [worker, again])
        await line.owner.token.revoke.mutate({ project, kind: 'grant', value: grant, why: 'x' });
    });

    it('is free again when the grant has ended, was revoked, or fell with its parent', async () => {
      const first = await lead('ender');
      const second = await lead('taker');
      const brief = await line.mint('agent:brief', {}, {}, first.client);
      await line.mint('agent:fallen', {}, {}, first.client);
      expect(await codesOf(line.mint('agent:brief', {}, {}, second.client))).toEqual(['grant.taken']);
      await line.owner.token.revoke.mutate({ project, kind: 'grant', value: brief.grant, why: 'x' });
      await line.mint('agent:brief', {}, {}, second.client);
      await line.owner.token.revoke.mutate({ project, kind: 'grant', value: first.grant, why: 'x' });
      await line.mint('agent:fallen', {}, {}, second.client);
    });

    it('is given once when two executives give it at the same moment', async () => {
      const both = [await lead('race-1'), await lead('race-2')];
      for (let round = 0; round < 10; round++) {
        const made = await Promise.allSettled(
          both.map(({ client }) => line.mint(`agent:raced-${round}`, {}, {}, client)),
        );
        expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      }
    });
  });

  describe('a grant', () => {
    it('ends no later than its parent: what is asked for is refused with both times', async () => {
      const short = await lead('short', 3600);
      const end = await endOf(short.grant);
      const [reason] = await refusal(line.mint('agent:long', {}, { grantSeconds: 7200 }, short.client));
      expect(reason).toMatchObject({ code: 'grant.end', subject: 'grantSeconds', limit: end.toISOString() });
      expect(new Date(String(reason?.found)).getTime() - end.getTime()).toBeGreaterThan(59 * minute);
      const silent = await line.mint('agent:silent', {}, {}, short.client);
      expect((await endOf(silent.grant)).getTime()).toBeLessThanOrEqual(end.getTime());
      expect((await endOf(silent.grant)).getTime()).toBeGreaterThan(end.getTime() - 5000);
    });

    it('of a run that needs longer than the spawner has is refused, and one that fits ends with it', async () => {
      const short = await lead('spawner', 3600);
      const end = await endOf(short.grant);
      const spawn = (maxSeconds: number) =>
        short.client.agent.spawn.mutate({ project, profile: 'reviewer', maxSeconds });
      const [reason] = await refusal(spawn(3600));
      expect(reason).toMatchObject({
        code: 'grant.end',
        subject: 'agents.reviewer',
        limit: end.toISOString(),
      });
      const { run } = await spawn(1800);
      const { gid } = await line.owner.run.show.query({ project, run });
      expect((await endOf(gid)).getTime()).toBeLessThanOrEqual(end.getTime());
      const runner = await line.mint('runner:a', { role: 'RUNNER' });
      const { taken } = await runner.client.run.take.mutate({ project, runner: 'a', adapters: ['command'] });
      expect(taken?.run).toMatchObject({ id: run, maxMs: 1_800_000 });
      expect((await endOf(gid)).getTime()).toBeLessThanOrEqual(end.getTime());
    });

    it('of a run that waited gets what its spawner has left, and is ended when that is too little', async () => {
      const short = await lead('waiting', 3600);
      const end = await endOf(short.grant);
      const spawn = async () =>
        (await short.client.agent.spawn.mutate({ project, profile: 'reviewer', maxSeconds: 2400 })).run;
      const runs = [await spawn(), await spawn()];
      const take = async () => {
        const runner = await line.mint('runner:b', { role: 'RUNNER' });
        return (await runner.client.run.take.mutate({ project, runner: 'b', adapters: ['command'] })).taken;
      };
      await passTime(30 * minute, line);
      const first = await take();
      expect(first?.run.id).toBe(runs[0]);
      expect(first?.run.maxMs).toBeLessThanOrEqual(20 * minute);
      expect(first?.run.maxMs).toBeGreaterThan(19 * minute);
      expect((first?.expires ?? 0) * 1000).toBeLessThanOrEqual(end.getTime());
      await passTime(20 * minute, line);
      expect(await take()).toBeNull();
      const last = await line.owner.run.show.query({ project, run: runs[1] ?? '' });
      expect(last).toMatchObject({ state: 'ended', outcome: 'cancelled' });
      expect(last.note).toContain(end.toISOString());
    });

    it('has no token that outlives it: that of a run, and its renewals', async () => {
      const short = await lead('tokens', 1200);
      const end = await endOf(short.grant);
      const { run } = await short.client.agent.spawn.mutate({
        project,
        profile: 'reviewer',
        maxSeconds: 300,
      });
      const runner = await line.mint('runner:c', { role: 'RUNNER' });
      await passTime(8 * minute, line);
      const { taken } = await runner.client.run.take.mutate({ project, runner: 'c', adapters: ['command'] });
      expect(taken?.run.id).toBe(run);
      expect((taken?.expires ?? 0) * 1000).toBeLessThanOrEqual(end.getTime());
      const usage = { tokens: 0, usdMicro: 0, turns: 0 };
      const beat = { project, run, runner: 'c', usage, expires: taken?.expires ?? 0 };
      expect(await runner.client.run.renew.mutate(beat)).toMatchObject({ expires: null, stop: null });
    });

    it('of the owner of a trigger lasts until a run of it would end, or the trigger is refused', async () => {
      const short = await lead('trigger-owner', 7200);
      const end = await endOf(short.grant);
      const create = (name: string, trigger: object) =>
        short.client.trigger.create.mutate({ project, name, trigger: trigger as never });
      const on = { on: 'task.claimed', spawn: 'reviewer' };
      const [long] = await refusal(create('long', { ...on, maxDuration: '2h' }));
      expect(long).toMatchObject({ code: 'grant.end', subject: 'trigger/long', limit: end.toISOString() });
      const inFourHours = new Date((await now()) + 4 * hour).getUTCHours();
      const late = { cron: `0 ${inFourHours} * * *`, spawn: 'reviewer' };
      expect(await codesOf(create('late', late))).toEqual(['grant.end']);
      await create('fits', on);
      await short.client.trigger.pause.mutate({ project, name: 'fits' });
      await passTime(hour + 30 * minute, line);
      const { token } = await line.owner.token.mint.mutate({
        project,
        agent: 'agent:resumer',
        cap: { tier: 'executive' },
        grantSeconds: 600,
      });
      const resume = line.client(token ?? '').trigger.resume.mutate({ project, name: 'fits' });
      expect(await codesOf(resume)).toEqual(['grant.end']);
      expect(await now()).toBeLessThan(end.getTime());
    });

    it('that ends later than its parent, from an earlier version, is kept as it is', async () => {
      const short = await lead('kept', 3600);
      const { run } = await short.client.agent.spawn.mutate({ project, profile: 'reviewer', maxSeconds: 60 });
      const { gid } = await line.owner.run.show.query({ project, run });
      const later = new Date((await now()) + 24 * hour);
      await line.app.gateway.store.rows(statement('', 'update grants set expires_at = $2 where gid = $1'), [
        gid,
        later,
      ]);
      const runner = await line.mint('runner:d', { role: 'RUNNER' });
      await runner.client.run.take.mutate({ project, runner: 'd', adapters: ['command'] });
      expect((await endOf(gid)).getTime()).toBe(later.getTime());
    });
  });
});
