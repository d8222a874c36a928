import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WallFacts } from '../../src/gateway/page/shapes.ts';
import { apply, applyAll, type LiveEvent } from '../../web/live/apply.ts';
import { type Hand, type Line, openLine, refusal } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { random as randomFrom } from '../support/random.ts';
import { waitUntil } from '../support/wait.ts';

const names = ['a', 'b', 'c', 'd'] as const;
const plan = `
${planHead()}
tasks:
${names.map((name) => `  ${name}: { title: ${name}, phase: build, write: ["src/${name}/**"] }`).join('\n')}
`;
const project = 'shop';

/** Facts that events are folded into; the others are asked for again. */
const foldedOf = ({ agents }: WallFacts) =>
  agents.map(({ name, lastAt, lastType, refusals, refusedFor }) => ({
    name,
    lastAt,
    lastType,
    refusals,
    refusedFor,
  }));

describe('facts of the wall', () => {
  let line: Line;
  let hands: readonly Hand[];
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    hands = await Promise.all(['agent:x', 'agent:y'].map((name) => line.mint(name)));
    for (const [at, hand] of hands.entries())
      await hand.client.task.claim.mutate({ project, task: names[at] ?? '' });
  });
  afterAll(() => line.close());

  const wall = () => line.owner.page.wall.query({ project });
  /** The facts once every event so far has its position, and is in them. */
  const settled = async (): Promise<WallFacts> => {
    const committed = (await line.events()).length;
    const sequenced = async () =>
      (await line.owner.event.list.query({ project, after: 0, limit: 1000 })).events;
    await waitUntil(async () => (await sequenced()).length >= committed);
    const latest = (await sequenced()).at(-1)?.position ?? 0;
    await waitUntil(async () => (await wall()).position >= latest);
    return wall();
  };

  it('that events were folded into are those that the gateway answers at that event', async () => {
    const seed = Date.now() % 100_000;
    console.log(`seed ${seed}`);
    const random = randomFrom(seed);
    const before = await settled();
    const acts = [
      (hand: Hand) => hand.client.task.ask.mutate({ project, task: 'c', question: 'so?' }),
      (hand: Hand) => refusal(hand.client.plan.put.mutate({ project, text: `${random()}` })),
      (hand: Hand) =>
        hand.client.task.renew.mutate({ project, task: hand === hands[0] ? 'a' : 'b', epoch: 1 }),
      (hand: Hand) =>
        hand.client.message.send.mutate({
          project,
          to: 'tier:executive',
          kind: 'note',
          title: 'x',
          body: 'x',
        }),
    ];
    for (let step = 0; step < 24; step++) {
      const hand = hands[Math.floor(random() * hands.length)] as Hand;
      await acts[Math.floor(random() * acts.length)]?.(hand);
    }
    const after = await settled();
    const { events } = await line.owner.event.list.query({ project, after: before.position, limit: 1000 });
    const folded = applyAll(before, events as unknown as LiveEvent[]).facts;
    expect(events.length).toBeGreaterThan(5);
    expect(foldedOf(folded)).toEqual(foldedOf(after));
  });

  it('are the same when an event is folded in a second time, and ask again for what events do not tell', async () => {
    const facts = await settled();
    const at = {
      id: 'x',
      project,
      subject: 'task/a',
      at: facts.now,
      data: {},
      allowed: true,
      requestId: null,
    };
    const event = { ...at, position: facts.position + 1, type: 'change.pushed', actor: 'agent:x' };
    const once = apply(facts, event);
    expect(once.ask).toBe(false);
    expect(once.facts.agents.find(({ name }) => name === 'agent:x')).toMatchObject({
      lastType: 'change.pushed',
      refusals: 0,
    });
    expect(apply(once.facts, event)).toEqual({ facts: once.facts, ask: false });
    expect(apply(facts, { ...event, type: 'cord.pulled' }).ask).toBe(true);
    expect(apply(facts, { ...event, type: 'some.later' }).ask).toBe(true);
    expect(apply(facts, { ...event, actor: 'agent:new' }).ask).toBe(true);
    expect(apply(facts, { ...event, type: 'task.renewed' }).facts.agents).toEqual(facts.agents);
  });
});
