import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../support/engines.ts';
import { codesOf, type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
// The files of a change tell its gate how to behave.
const behaves = 'grep -rqs hang src && sleep 300; ! grep -rqs fail src';
const planWith = (command: string): string => `
${planHead()}
gates:
  unit: { run: "${command}", timeout: 700ms }
  other: { run: "${command}", timeout: 700ms }
tasks:
${['cart', 'pay', 'docs', 'edit'].map((task) => `  ${task}: { title: T, phase: build, write: ["src/${task}/**"], gates: [unit] }`).join('\n')}
  both: { title: T, phase: build, write: ["src/both/**"], gates: [other] }
`;

describe.each(enginesOf(import.meta.filename))('a gate that hangs, on %s', (engine) => {
  let line: Line;
  let hand: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan: planWith(behaves), project });
    hand = await line.mint('agent:builder');
  });
  afterAll(() => line?.close());

  let n = 0;
  /** Offers a change whose gate behaves so; the change is refused. */
  async function offered(task: string, behaviour: 'hang' | 'fail'): Promise<void> {
    n += 1;
    const { change } = await line.offer(hand, task, { [`src/${task}/a.js`]: `// ${behaviour} ${n}\n` });
    await line.until(change, 'refused');
  }
  const stops = async () => (await line.owner.cord.status.query({ project })).stops;

  it('stops its task at the second time in a row, yellow, and says which command', async () => {
    await offered('cart', 'hang');
    expect(await stops()).toEqual([]);
    await offered('cart', 'hang');
    expect(await stops()).toMatchObject([
      {
        colour: 'yellow',
        scope: 'task/cart',
        cause: 'hook',
        pulledBy: 'gateway',
        why: `gate unit of cart timed out twice in a row: ${behaves}`,
      },
    ]);
    const claim = hand.client.task.claim.mutate({ project, task: 'cart' });
    expect(await codesOf(claim)).toEqual(['line.stopped']);
    const events = await line.events();
    expect(events.filter(({ type }) => type === 'cord.pulled')).toHaveLength(1);
  });

  it('is cleared as any yellow stop is, and pulls again when it goes on', async () => {
    const [stop] = await stops();
    const clear = (by: Line['owner']) =>
      by.cord.clear.mutate({ project, stop: stop?.id ?? '', why: 'mended' });
    expect(await codesOf(clear(hand.client))).toHaveLength(1);
    await clear(line.owner);
    await offered('cart', 'hang');
    const [again] = await stops();
    expect(again).toMatchObject({ cause: 'hook', scope: 'task/cart' });
    await line.owner.cord.clear.mutate({ project, stop: again?.id ?? '', why: 'mended' });
  });

  it('is forgotten when it ends in between, and is told apart by task', async () => {
    for (const behaviour of ['hang', 'fail', 'hang'] as const) await offered('pay', behaviour);
    await offered('docs', 'hang');
    expect(await stops()).toEqual([]);
  });

  it('is another one once its command was changed', async () => {
    await offered('edit', 'hang');
    await line.owner.plan.put.mutate({ project, text: planWith(`${behaves} `) });
    await offered('edit', 'hang');
    expect(await stops()).toEqual([]);
  });
});
