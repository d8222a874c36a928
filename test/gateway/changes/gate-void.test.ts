import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { type GateHand, gateHand } from '../../support/gate-hand.ts';
import { codesOf, type Hand, type Line, openLine, passTime, refusal } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { pullRed } from '../../support/queue-line.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const tasks = Array.from({ length: 14 }, (_, n) => `t${n}`);
const plan = `
${planHead({ project })}
landing: { batch: 1, retry: 1 }
gates:
  tests: { run: "true", timeout: 1m }
agents:
  lead: { tier: executive }
tasks:
${tasks.map((task) => `  ${task}: { title: T, phase: build, write: ["${task}/**"], gates: [tests] }`).join('\n')}
`;

describe.each(enginesOf(import.meta.filename))(
  'a pass of a gate that comes to count no more, on %s',
  (engine) => {
    let line: Line;
    let builder: Hand;
    let reviewer: Hand;
    beforeAll(async () => {
      line = await openLine(engine, { plan, config: { gatesAtOnceMax: 0 } });
      builder = await line.mint('agent:builder');
      reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    });
    afterAll(() => line?.close());

    let task = 0;
    const offer = () => {
      const name = `t${task++}`;
      return line.offer(builder, name, { [`${name}/x`]: name });
    };
    /** Offers a change whose gate the runner passes. */
    async function passedBy(runner: GateHand) {
      const offered = await offer();
      const orders = await runner.carryOut();
      await line.until(offered.change, 'judging');
      return { ...offered, orders };
    }
    const approve = ({ change, tree }: { change: string; tree: string }) =>
      reviewer.client.verdict.approve.mutate({ project, change, tree });
    const revoke = (hand: Hand) =>
      line.owner.token.revoke.mutate({ project, kind: 'grant', value: hand.grant, why: 'it lied' });
    const queued = async () =>
      (
        await line.app.gateway.store.rows<{ id: string }>(
          statement(
            '',
            `select id from gate_runs where project = $1 and change is null and status in ('waiting', 'running')`,
          ),
          [project],
        )
      ).length;

    it('by a revocation sends a change that is not approved back to its gates, and takes running gates away', async () => {
      const bad = await gateHand(line, 'bad');
      const good = await gateHand(line, 'good');
      const { change } = await passedBy(bad);
      await offer();
      const held = await bad.take();
      const { voided, landed } = await revoke(bad);
      expect(voided).toHaveLength(1);
      expect(landed).toEqual([]);
      expect((await line.change(change)).state).toBe('gating');
      expect(await codesOf(bad.take())).toEqual(['token.revoked']);
      if (held !== null) expect(await codesOf(bad.end(held))).toEqual(['token.revoked']);
      const said = (await line.events()).filter(({ type }) => type === 'gate.voided');
      expect(said.map(({ data }) => data)).toMatchObject([
        { run: voided[0], runner: 'bad', grant: bad.grant, gate: 'tests', landed: [] },
      ]);
      const orders = await good.carryOut();
      expect(orders.map(({ run }) => run)).toContain(held?.run);
      expect(orders).toHaveLength(2);
      await line.until(change, 'judging');
      const rows = await line.owner.gate.list.query({ project, change });
      expect(rows.map(({ status, runner }) => `${status} ${runner}`).sort()).toEqual([
        'passed good',
        'void bad',
      ]);
    });

    it.each<[string, (bad: GateHand) => Promise<unknown>]>([
      [
        'an end of the agent',
        ({ agent }) => line.owner.agent.terminate.mutate({ project, agent, why: 'it lied' }),
      ],
      [
        'a token that two hold',
        async (bad) => {
          await bad.client.token.renew.mutate({ project });
          await passTime(31_000, line);
          expect(await codesOf(bad.client.token.renew.mutate({ project }))).toEqual(['token.revoked']);
        },
      ],
    ])('by %s is void as by a revocation', async (_how, end) => {
      const bad = await gateHand(line, `ended-${task}`);
      const { change } = await passedBy(bad);
      await end(bad);
      expect((await line.change(change)).state).toBe('gating');
      const rows = await line.owner.gate.list.query({ project, change });
      expect(rows.map(({ status }) => status).sort()).toEqual(['void', 'waiting']);
      await (await gateHand(line, `goes-on-${task}`)).carryOut();
      await line.until(change, 'judging');
    });

    it('by a revocation lets nothing land on it, and says what had landed', async () => {
      const bad = await gateHand(line, 'bad-2');
      const good = await gateHand(line, 'good-2');
      const first = await passedBy(bad);
      await approve(first);
      await line.until(first.change, 'landed');
      const second = await passedBy(bad);
      const clear = await pullRed(line);
      await approve(second);
      const { landed, voided } = await revoke(bad);
      expect(voided).toHaveLength(2);
      expect(landed).toMatchObject([{ change: first.change, gate: 'tests', runner: 'bad-2' }]);
      await clear();
      await waitUntil(async () => (await queued()) > 0);
      expect((await line.change(second.change)).state).toBe('approved');
      expect(await good.carryOut()).toHaveLength(1);
      await line.until(second.change, 'landed');
      const events = (await line.events()).filter(({ type }) => type === 'gate.voided');
      expect(events.map(({ data }) => data.landed).filter((one) => one.length > 0)).toEqual([[first.change]]);
    });

    it('with the grant of whoever minted the runner is void as well', async () => {
      const owner = await line.mint('human:second', { role: 'OWNER', tier: 'human' });
      const minted = await line.mint('runner:below', { role: 'GATE_RUNNER' }, {}, owner.client);
      const offered = await offer();
      const { taken } = await minted.client.gate.take.mutate({
        ...{ project, runner: 'below', slots: 1, containment: 'bubblewrap' },
      });
      if (taken === null) throw new Error('no gate');
      const { run, nonce, tree } = taken;
      const said = { exitCode: 0, timedOut: false, ms: 1, output: '', containment: 'bubblewrap' as const };
      await minted.client.gate.end.mutate({ project, run, nonce, tree, ...said });
      await line.until(offered.change, 'judging');
      expect((await revoke(owner)).voided).toEqual([run]);
      await line.until(offered.change, 'gating');
      await (await gateHand(line, 'after')).carryOut();
    });

    it('by its repetitions: once they fail more than `retry` times, with one stop that names both', async () => {
      const bad = await gateHand(line, 'bad-3');
      const good = await gateHand(line, 'good-3');
      const passed = await passedBy(bad);
      const rerun = (on: string) =>
        line.owner.gate.rerun.mutate({ project, change: passed.change, gate: 'tests', on });
      await good.take();
      expect(await refusal(rerun('bad-3'))).toMatchObject([
        { code: 'gate.runner', found: 'the one that passed it' },
      ]);
      expect(await refusal(rerun('nobody'))).toMatchObject([{ code: 'gate.runner', found: 'not there' }]);
      await rerun('good-3');
      const again = await rerun('good-3');
      expect(await bad.take()).toBeNull();
      const order = await good.take();
      expect(order?.run).toBe(again.run);
      expect(order?.tree).toBe(passed.tree);
      if (order !== null) await good.end(order, { exitCode: 1 });
      expect((await line.change(passed.change)).state).toBe('judging');
      expect((await line.owner.cord.status.query({ project })).stops).toEqual([]);
      const last = await good.take();
      if (last !== null) await good.end(last, { exitCode: 1 });
      const { stops } = await line.owner.cord.status.query({ project });
      expect(stops).toMatchObject([{ colour: 'yellow', cause: 'gate', pulledBy: 'gateway' }]);
      expect(stops[0]?.why).toMatch(/^gate tests passed on bad-3 and failed 2 times on good-3/);
      expect((await line.change(passed.change)).state).toBe('gating');
      // Nobody is blamed by a repetition: neither is the tree flaky, nor has the change failed.
      expect((await line.events()).filter(({ type }) => type === 'gate.flaky')).toEqual([]);
      // Whoever is contradicted is not asked about this tree again, until somebody has looked at the stop.
      expect(await bad.take()).toBeNull();
      await line.owner.cord.clear.mutate({ project, stop: stops[0]?.id ?? '', why: 'looked at' });
      const anew = await bad.take();
      expect(anew?.tree).toBe(passed.tree);
      if (anew !== null) await bad.end(anew);
      await line.until(passed.change, 'judging');
    });

    it('stands when its repetition passes, and the repetition is evidence when the first pass falls', async () => {
      const first = await gateHand(line, 'first-4');
      const second = await gateHand(line, 'second-4');
      const passed = await passedBy(first);
      await second.take();
      await line.owner.gate.rerun.mutate({ project, change: passed.change, gate: 'tests', on: 'second-4' });
      expect(await second.carryOut()).toHaveLength(1);
      await approve(passed);
      await line.until(passed.change, 'landed');
      const rows = await line.owner.gate.list.query({ project, change: passed.change });
      expect(rows.map(({ status, repeats }) => [status, repeats !== null])).toEqual([
        ['passed', false],
        ['passed', true],
      ]);
    });

    it('is repeated on what main has, long after the candidate is gone', async () => {
      const first = await gateHand(line, 'first-5');
      const second = await gateHand(line, 'second-5');
      const passed = await passedBy(first);
      await approve(passed);
      await line.until(passed.change, 'landed');
      await second.take();
      await line.owner.gate.rerun.mutate({ project, change: passed.change, gate: 'tests', on: 'second-5' });
      const order = await second.take();
      expect(order?.candidate).toBe(await line.main());
      if (order !== null) await second.end(order, { exitCode: 1 });
      await second.carryOut(1);
      const said = (await line.events()).filter(({ type }) => type === 'gate.voided').at(-1);
      expect(said?.data).toMatchObject({ runner: 'first-5', landed: [passed.change] });
      for (const { id } of (await line.owner.cord.status.query({ project })).stops)
        await line.owner.cord.clear.mutate({ project, stop: id, why: 'looked at' });
    });

    it('is repeated by whom people and leads ask, of what has passed as it is declared now', async () => {
      const lead = await line.mint('agent:lead', { tier: 'executive' });
      const rerun = (by: Hand, change: string, gate = 'tests') =>
        by.client.gate.rerun.mutate({ project, change, gate, on: 'gateway' });
      const offered = await offer();
      expect(await codesOf(rerun(builder, offered.change))).toContain('grant.action');
      expect(await codesOf(rerun(lead, offered.change))).toEqual(['gate.unpassed']);
      expect(await codesOf(rerun(lead, offered.change, 'constructor'))).toEqual(['gate.unpassed']);
      expect(await codesOf(rerun(lead, 'chg_00000000000000000000000000'))).toEqual(['change.missing']);
      await (await gateHand(line, 'last')).carryOut();
    });
  },
);
