import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GateNews } from '../../../src/gateway/changes/gate-follow.ts';
import { statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { gateHand } from '../../support/gate-hand.ts';
import { type Hand, type Line, openLine, passTime } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { startTestRunner } from '../../support/runner.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
// Waits for a file of the change beside it: the gate ends when the test lets it.
const plan = `
${planHead({ project })}
gates:
  tests: { run: "for n in 1 2 3 4 5 6 7 8 9; do echo line $n ü; sleep 0.7; done; ! grep -rqs broken t*", timeout: 1m }
  quick: { run: "echo done" }
tasks:
${Array.from({ length: 6 }, (_, n) => `  t${n}: { title: T, phase: build, write: ["t${n}/**"], gates: [tests] }`).join('\n')}
  q: { title: T, phase: build, write: ["q/**"], gates: [quick] }
`;

type News = Omit<GateNews, 'startedAt'>;

describe.each(enginesOf(import.meta.filename))('whoever follows a gate, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan, config: { gatesAtOnceMax: 1 } });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line?.close());
  let next = 0;
  const offer = (text = 'fine') => {
    const task = `t${next++}`;
    return line.offer(builder, task, { [`${task}/x`]: text });
  };

  function follow(hand: Hand, change: string, gate = 'tests') {
    const heard: News[] = [];
    let code: string | undefined;
    let isOver = false;
    const subscription = hand.client.gate.follow.subscribe(
      { project, change, gate },
      {
        onData: (news) => {
          heard.push(news);
          if (news.status === 'passed' || news.status === 'failed') {
            isOver = true;
            subscription.unsubscribe();
          }
        },
        onError: (error) => {
          const data = error.data as { andon?: { code?: string } } | null;
          code = data?.andon?.code ?? error.message;
        },
      },
    );
    const output = () => heard.map((news) => news.output).join('');
    return { heard, output, code: () => code, isOver: () => isOver };
  }
  const rows = async () =>
    (
      await line.app.gateway.store.rows<{ n: number }>(
        statement('', 'select count(*)::int as n from gate_output'),
      )
    )[0]?.n;

  it('sees what it said so far and then the rest, once each, and how it ends', async () => {
    const { change } = await offer();
    await waitUntil(async () => (await line.change(change)).gates[0]?.status === 'running');
    const one = follow(builder, change);
    await waitUntil(() => one.output().includes('line 2'));
    expect(one.isOver()).toBe(false);
    await waitUntil(() => one.isOver());
    expect(one.output()).toBe(Array.from({ length: 9 }, (_, n) => `line ${n + 1} ü\n`).join(''));
    expect(one.heard[0]).toMatchObject({ status: 'running', runner: 'gateway', medianMs: null });
    expect(one.heard.at(-1)).toMatchObject({ status: 'passed', exitCode: 0 });
    const said = JSON.stringify(await line.events());
    expect(said).not.toContain('line 2 ü');
    // Whoever follows may look a moment after the end, when a chore of the minute has run already.
    await line.app.workers.tidy();
    expect(await rows()).toBeGreaterThan(0);
    await passTime(61_000, line);
    await line.app.workers.tidy();
    expect(await rows()).toBe(0);
    const [started] = (await line.events()).filter(({ type }) => type === 'gate.started');
    expect(started?.data.medianMs).toBeNull();
  });

  it('sees a gate on a runner, before and while it is carried out there, and its usual time', async () => {
    const { change } = await offer('broken');
    await waitUntil(async () => (await line.change(change)).gates[0]?.status === 'running');
    const waiting = await offer();
    const two = follow(builder, waiting.change);
    await waitUntil(() => two.heard.some(({ status }) => status === 'waiting'));
    const runner = await startTestRunner(line, project, 'bubblewrap', { name: 'far', gateSlots: 1 });
    try {
      await waitUntil(() => two.output().includes('line 3'));
      expect(two.heard.at(-1)).toMatchObject({ status: 'running', runner: 'far' });
      expect(two.heard.at(-1)?.medianMs).toBeGreaterThan(6_000);
      await waitUntil(() => two.isOver());
      expect(two.output()).toBe(Array.from({ length: 9 }, (_, n) => `line ${n + 1} ü\n`).join(''));
    } finally {
      await runner.close();
    }
    await line.until(change, 'refused');
    const one = follow(builder, change);
    await waitUntil(() => one.isOver());
    expect(one.heard.at(-1)).toMatchObject({ status: 'failed', exitCode: 1 });
  });

  it('costs nothing where nobody follows: no output is written down', async () => {
    await passTime(61_000, line);
    await line.app.workers.tidy();
    const { change } = await line.offer(builder, 'q', { 'q/x': '1' });
    await line.until(change, 'judging');
    expect(await rows()).toBe(0);
  });

  it('is told no such gate, and nothing when its grant ends', async () => {
    const { change } = await offer();
    const none = follow(builder, change, 'none');
    await waitUntil(() => none.code() !== undefined);
    expect(none.code()).toBe('gate.missing');
    const reader = await line.mint('agent:reader', { tier: 'validator' });
    const one = follow(reader, change);
    await waitUntil(() => one.heard.length > 0);
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: reader.grant, why: 'over' });
    await waitUntil(() => one.code() !== undefined);
    expect(one.code()).toBe('token.revoked');
    await line.until(change, 'judging');
  });

  it('gets no output from a runner for a gate that it does not hold', async () => {
    const slow = await offer();
    await waitUntil(async () => (await line.change(slow.change)).gates[0]?.status === 'running');
    const [gate] = (await line.change(slow.change)).gates;
    const one = follow(builder, slow.change);
    await waitUntil(() => one.heard.length > 0);
    const liar = await gateHand(line, 'liar');
    await liar.client.gate.beat.mutate({
      ...{ project, runner: 'liar', slots: 1, containment: 'none', held: [] },
      output: [{ run: gate?.id ?? '', text: 'a lie', isFirst: true }],
    });
    await waitUntil(() => one.isOver());
    expect(one.output()).not.toContain('a lie');
  });
});
