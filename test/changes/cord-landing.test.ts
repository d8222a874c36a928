import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LandingPoint } from '../../src/changes/landing.ts';
import { statement } from '../../src/store/store.ts';
import { enginesOf } from '../support/engines.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { rootCause } from '../support/root-cause.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'shop';
const plan = `
${planHead()}
tasks:
  one: { title: One, phase: build, write: ["one/**"] }
  two: { title: Two, phase: build, write: ["two/**"] }
`;
describe.each(enginesOf(import.meta.filename))(
  'a red stop over a landing that nobody ends, on %s',
  (engine) => {
    let line: Line;
    let builder: Hand;
    let reviewer: Hand;
    let dieAt: LandingPoint | undefined;
    beforeAll(async () => {
      line = await openLine(engine, {
        plan,
        // No other gateway takes the landing over while the test looks.
        config: { abandonedMs: 600_000 },
        extras: {
          at: (point) => {
            if (point !== dieAt) return;
            dieAt = undefined;
            throw new Error('the gateway dies here');
          },
        },
      });
      builder = await line.mint('agent:builder', { budget: { commits: 5 } });
      reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    });
    afterAll(() => line.close());

    const landings = (change: string) =>
      line.app.gateway.store.rows<{ state: string }>(
        statement('', 'select state from landings where change = $1 order by intent_at desc limit 1'),
        [change],
      );
    const cases: [string, LandingPoint, string, string][] = [
      ['has not moved main is void', 'after-intent', 'void', 'approved'],
      ['has moved main is done', 'after-move', 'done', 'landed'],
    ];
    it.each(cases)('is answered when the one that %s', async (_title, point, landing, state) => {
      const task = landing === 'void' ? 'one' : 'two';
      const offered = await line.offer(builder, task, { [`${task}/a.txt`]: task });
      const before = await line.main();
      dieAt = point;
      await reviewer.client.verdict.approve.mutate({ project, change: offered.change, tree: offered.tree });
      await waitUntil(() => dieAt === undefined);
      const { stop } = await builder.client.cord.pull.mutate({ project, colour: 'red', why: 'wrong' });
      const atOnce = await landings(offered.change);
      const main = await line.main();
      expect(atOnce).toEqual([{ state: landing }]);
      expect(main === before).toBe(landing === 'void');
      await line.app.workers.tick();
      expect(await line.main()).toBe(main);
      expect((await line.change(offered.change)).state).toBe(state);
      await line.owner.cord.clear.mutate({ project, stop, rootCause });
      await line.until(offered.change, 'landed');
    });
  },
);
