import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { type GateHand, gateHand } from '../../support/gate-hand.ts';
import { git, sourceRepository } from '../../support/gateway.ts';
import { codesOf, type Hand, type Line, openLine, passTime, refusal } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const tasks = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
const plan = `
${planHead()}
landing: { batch: 1, retry: 1 }
gates:
  tests: { run: "test -e README.md", timeout: 90s, network: true }
agents:
  lead: { tier: executive }
  judge: { tier: validator, adapter: command, run: "true" }
tasks:
${tasks.map((task) => `  ${task}: { title: T, phase: build, write: ["${task}/**"], gates: [tests] }`).join('\n')}
`;

describe.each(enginesOf(import.meta.filename))('a runner of gates, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let one: GateHand;
  let two: GateHand;
  beforeAll(async () => {
    line = await openLine(engine, { plan, config: { gatesAtOnceMax: 0 } });
    builder = await line.mint('agent:builder');
    one = await gateHand(line, 'one');
    two = await gateHand(line, 'two');
  });
  afterAll(() => line?.close());
  const offer = (task: string) => line.offer(builder, task, { [`${task}/x`]: task });
  /** Offers a change and lets the first runner take its gate. */
  async function taken(task: string) {
    const offered = await offer(task);
    const order = await one.take();
    if (order === null) throw new Error('no gate was handed out');
    return { offered, order };
  }

  it('is handed what it needs and nothing else, and nobody else is handed that gate', async () => {
    const { offered, order } = await taken('a');
    expect(order).toEqual({
      run: expect.stringMatching(/^gat_/),
      ...{ project: 'shop', gate: 'tests', tree: offered.tree, candidate: offered.candidate },
      ...{ command: 'test -e README.md', timeoutMs: 90_000, network: true, sandbox: 'preferred' },
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
      leaseMs: 15_000,
      limits: { processes: 512, memoryBytes: 4e9, diskBytes: 1e10, openFiles: 4096 },
    });
    expect(await one.take()).toBeNull();
    expect(await two.take()).toBeNull();
    const shown = JSON.stringify(
      await line.owner.gate.list.query({ project: 'shop', change: offered.change }),
    );
    expect(shown).not.toContain(order.nonce);
    await one.end(order);
    await line.until(offered.change, 'judging');
  });

  it('is believed once, by the grant and lease that took the gate, about its tree', async () => {
    const { offered, order } = await taken('b');
    const found = async (call: Promise<unknown>) => {
      const [first] = await refusal(call);
      expect(first?.next).toBeTruthy();
      return `${first?.code}: ${first?.found}`;
    };
    const other = await offer('c');
    const lie = `${order.nonce.slice(0, -1)}${order.nonce.endsWith('0') ? '1' : '0'}`;
    expect(await found(one.end(order, { nonce: lie }))).toBe('gate.lost: another lease of it');
    expect(await found(two.end(order))).toBe('gate.lost: held under another grant');
    expect(await found(one.end(order, { tree: other.tree }))).toContain('gate.lost: another tree');
    expect(await found(one.end({ ...order, run: `gat_${'0'.repeat(26)}` }))).toBe('gate.lost: no such run');
    expect(await two.beat(order)).toEqual([]);
    expect((await line.change(offered.change)).state).toBe('gating');
    await one.end(order);
    expect(await found(one.end(order, { exitCode: 1 }))).toBe('gate.lost: passed');
    await line.until(offered.change, 'judging');
    await two.carryOut();
    await line.until(other.change, 'judging');
  });

  it('of another version is told in words which member is wrong, and loses nothing', async () => {
    const { gate } = one.client;
    const said = { project: 'shop', runner: 'one', containment: 'bubblewrap' };
    const offered = await offer('i');
    // An earlier version says less, or asks for what is gone; a later one says more.
    const [less] = await refusal(gate.take.mutate(said as never));
    expect(less).toMatchObject({ code: 'request.invalid', subject: expect.stringContaining('slots') });
    const [more] = await refusal(gate.take.mutate({ ...said, slots: 1, colour: 'blue' } as never));
    expect(more).toMatchObject({ code: 'request.invalid' });
    expect(JSON.stringify(more)).toContain('colour');
    const gone = (
      one.client as unknown as { gate: Record<string, { mutate(input: object): Promise<unknown> }> }
    ).gate;
    expect(await codesOf(gone.takeMany?.mutate(said) ?? Promise.resolve())).toEqual(['request.path']);
    // A grant from before gates ran on runners takes none of them.
    const runs = await line.mint('runner:early', { role: 'RUNNER' });
    expect(await codesOf(runs.client.gate.take.mutate({ ...said, slots: 1 } as never))).toEqual([
      'grant.action',
    ]);
    const order = await one.take();
    if (order === null) throw new Error('no gate was handed out');
    const { run, nonce, tree } = order;
    const end = { project: 'shop', run, nonce, tree, exitCode: 0, timedOut: false, ms: 5, output: '' };
    expect((await refusal(gate.end.mutate(end as never))).map(({ code }) => code)).toEqual([
      'request.invalid',
    ]);
    expect((await line.change(offered.change)).gates[0]?.status).toBe('running');
    await one.end(order);
    await line.until(offered.change, 'judging');
  });

  it('says by its exit status alone if a gate passed: a time limit is no pass', async () => {
    const { offered, order } = await taken('d');
    await one.end(order, { exitCode: 0, timedOut: true });
    await line.until(offered.change, 'refused');
  });

  it('is named in the evidence, with its grant and how it contained the command', async () => {
    const { offered, order } = await taken('d');
    await one.end(order);
    const [row] = await line.owner.gate.list.query({ project: 'shop', change: offered.change });
    expect(row).toMatchObject({
      runner: 'one',
      runnerGrant: one.grant,
      containment: 'bubblewrap',
      sandboxed: true,
    });
    const events = (await line.events()).filter(({ data }) => data.run === order.run);
    const by = { runner: 'one', grant: one.grant, containment: 'bubblewrap' };
    expect(events.map(({ type }) => type)).toEqual(['gate.started', 'gate.ended']);
    for (const { data } of events) expect(data).toMatchObject(by);
  });

  it('that is silent for a lease has lost the gate, even before somebody else takes it', async () => {
    const { offered, order } = await taken('e');
    await passTime(10_000, line);
    expect(await one.beat(order)).toEqual([order.run]);
    await passTime(10_000, line);
    expect(await one.beat(order)).toEqual([order.run]);
    await passTime(15_001, line);
    expect(await one.beat(order)).toEqual([]);
    expect(await codesOf(one.end(order))).toEqual(['gate.lost']);
    await line.app.workers.tick();
    const again = await two.take();
    expect(again?.run).toBe(order.run);
    expect(again?.nonce).not.toBe(order.nonce);
    expect(await codesOf(one.end(order))).toEqual(['gate.lost']);
    if (again !== null) await two.end(again);
    await line.until(offered.change, 'judging');
  });

  it('gives back what it cannot carry out, and only its own', async () => {
    const { offered, order } = await taken('f');
    const { run, nonce } = order;
    const release = (hand: GateHand) =>
      hand.client.gate.release.mutate({ project: 'shop', runner: hand.name, held: [{ run, nonce }] });
    expect((await release(two)).released).toEqual([]);
    expect((await release(one)).released).toEqual([run]);
    expect(await codesOf(one.end(order))).toEqual(['gate.lost']);
    expect(await two.carryOut()).toHaveLength(1);
    await line.until(offered.change, 'judging');
  });

  it('without a sandbox carries out no gate while it runs an agent, and starts none beside a gate', async () => {
    const both = await gateHand(line, 'both', true);
    const spawn = () => line.owner.agent.spawn.mutate({ project: 'shop', profile: 'judge' });
    const takeRun = async () =>
      (await both.client.run.take.mutate({ project: 'shop', runner: 'both', adapters: ['command'] })).taken;
    const { run } = await spawn();
    expect((await takeRun())?.run.id).toBe(run);
    const { change } = await offer('g');
    expect(await codesOf(both.take({ containment: 'none' }))).toEqual(['gate.contained']);
    await line.owner.run.stop.mutate({ project: 'shop', run, why: 'the test goes on' });
    await both.client.run.end.mutate({
      ...{ project: 'shop', run, runner: 'both', cause: 'stopped', exitCode: null, signal: null, output: [] },
      ...{ usage: { tokens: 0, usdMicro: 0, turns: 0 }, verdict: { problem: 'missing' } },
    });
    const order = await both.take({ containment: 'none' });
    expect(order).not.toBeNull();
    await spawn();
    expect(await takeRun()).toBeNull();
    if (order !== null) await both.end(order);
    expect(await takeRun()).not.toBeNull();
    await line.until(change, 'judging');
  });

  it('is what a person makes it: no other role takes gates, and no lead can pass that on', async () => {
    const asked = { project: 'shop', runner: 'x', slots: 1, containment: 'bubblewrap' as const };
    const runner = await line.mint('runner:plain', { role: 'RUNNER' });
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    for (const { client } of [runner, lead, builder, { client: line.owner }]) {
      const codes = await codesOf(client.gate.take.mutate(asked));
      expect(codes.every((code) => code === 'grant.action' || code === 'grant.tier')).toBe(true);
    }
    expect(await codesOf(line.mint('agent:x', { role: 'GATE_RUNNER' }))).toEqual(['grant.name']);
    const byLead = line.mint('runner:x', { role: 'GATE_RUNNER' }, {}, lead.client);
    expect(await codesOf(byLead)).toEqual(['lattice.member']);
    const passedOn = line.mint('agent:x', { tier: 'implementer', ops: ['gate:take'] }, {}, lead.client);
    expect(await codesOf(passedOn)).toEqual(['grant.tier', 'lattice.ops']);
    const ops = line.mint('runner:x', { role: 'RUNNER', ops: ['gate:take'] });
    expect(await codesOf(ops)).toContain('grant.tier');
    expect(await codesOf(one.client.event.list.query({ project: 'shop' }))).toEqual(['grant.action']);
    expect(
      await codesOf(one.client.run.take.mutate({ project: 'shop', runner: 'one', adapters: ['command'] })),
    ).toEqual(['grant.action']);
  });

  it('reads the candidates of its project, and nothing of another', async () => {
    const source = await sourceRepository({ 'other.txt': 'other\n' });
    const folder = mkdtempSync(join(tmpdir(), 'andon-fetch-'));
    try {
      await line.owner.project.create.mutate({ project: 'other', source });
      const { offered, order } = await taken('h');
      await git(folder, ['init', '-q', '--bare', '.']);
      const fetch = (project: string, commit: string) =>
        git(folder, ['fetch', '-q', `${line.url}/git/${project}.git`, commit], {
          url: line.url,
          token: one.token,
        });
      expect(await fetch('shop', order.candidate)).toMatchObject({ code: 0 });
      const main = await line.app.gateway.git.main('other');
      expect((await fetch('other', main)).code).not.toBe(0);
      const take = one.client.gate.take.mutate({
        project: 'other',
        runner: 'one',
        slots: 1,
        containment: 'bubblewrap',
      });
      expect(await codesOf(take)).toEqual(['grant.project']);
      await one.end(order);
      await line.until(offered.change, 'judging');
    } finally {
      for (const one of [source, folder]) rmSync(one, { recursive: true, force: true });
    }
  });

  it('counts as a slot while it is there', async () => {
    const shown = await line.owner.gate.runners.query({ project: 'shop' });
    expect(shown.map(({ name, slots }) => `${name} ${slots}`)).toContain('one 1');
    expect((await line.owner.change.queue.query({ project: 'shop' })).slots).toBeGreaterThan(1);
    await passTime(21_000, line);
    await line.app.workers.tick();
    expect((await line.owner.gate.runners.query({ project: 'shop' })).map(({ name }) => name)).toEqual([
      'gateway',
    ]);
    expect((await line.owner.change.queue.query({ project: 'shop' })).slots).toBe(0);
  });
});

describe('a gateway that requires a sandbox', () => {
  it('hands no gate to a runner without bubblewrap', async () => {
    const line = await openLine('pglite', { plan, config: { gatesAtOnceMax: 0, sandbox: 'required' } });
    try {
      const hand = await gateHand(line, 'one');
      await line.offer(await line.mint('agent:builder'), 'a', { 'a/x': '1' });
      for (const containment of ['none', 'other-user'] as const)
        expect(await refusal(hand.take({ containment }))).toMatchObject([
          { code: 'gate.sandbox', found: containment, limit: 'bubblewrap' },
        ]);
      expect(await hand.take()).toMatchObject({ sandbox: 'required' });
    } finally {
      await line.close();
    }
  });
});
