import { expect, it } from 'vitest';
import { seed } from '../support/seed.ts';
import { storm } from '../support/trigger-storm.ts';

it('fires a hundred thousand slots once each on five gateways that are killed at random', async () => {
  console.log(`seed ${seed}`);
  const { breaches, ...figures } = await storm({ slots: 100_000, seed, gateways: 5, copies: 25 });
  console.log(JSON.stringify(figures));
  expect(breaches).toEqual([]);
}, 7_200_000);
