import { expect, it } from 'vitest';
import { killAtRandom } from '../support/fault-random.ts';
import { seed } from '../support/seed.ts';

// A token of an agent lives for fifteen minutes, so the three thousand are thirty lines of a hundred.
const rounds = Array.from({ length: 30 }, (_, index) => ({
  round: index + 1,
  engine: index < 21 ? ('postgres' as const) : ('pglite' as const),
}));

it.each(rounds)(
  'round $round: loses nothing in 100 kills at random moments on $engine',
  async (share) => {
    const started = seed + share.round;
    console.log(`round ${share.round}: seed ${started}`);
    const report = await killAtRandom({
      engine: share.engine,
      kills: 100,
      seed: started,
      agentsCount: 4,
      lifeMsMax: 1200,
    });
    const { breaches, ...figures } = report;
    console.log(`round ${share.round}, ${share.engine}: ${JSON.stringify(figures)}`);
    expect(breaches).toEqual([]);
    expect(report.batched).toBeGreaterThan(0);
    expect(report.restartMsWorst).toBeLessThan(30_000);
  },
  900_000,
);
