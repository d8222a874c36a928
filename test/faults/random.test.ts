import { expect, it } from 'vitest';
import { killAtRandom } from '../support/fault-random.ts';
import { seed } from '../support/seed.ts';
import { sized } from '../support/size.ts';

// A restart on PGlite costs four times one on PostgreSQL, hence the uneven share.
const shares = [
  { engine: 'postgres', kills: sized(6, 85), lifeMsMax: 1400 },
  { engine: 'pglite', kills: sized(3, 15), lifeMsMax: 2000 },
] as const;

it.concurrent.each(shares)(
  'loses nothing in $kills kills at random moments under load on $engine',
  async (share) => {
    console.log(`${share.engine}: ${share.kills} random kills, seed ${seed}`);
    const report = await killAtRandom({ ...share, seed, agentsCount: 2 });
    const { breaches, ...figures } = report;
    console.log(`${share.engine}: ${JSON.stringify(figures)}`);
    expect(breaches).toEqual([]);
    // Work went on between the deaths, on a machine of any speed.
    expect(report.landed).toBeGreaterThan(0);
    expect(report.acknowledged).toBeGreaterThan(share.kills / 4);
    expect(report.restartMsWorst).toBeLessThan(30_000);
  },
  600_000,
);
