import { expect, it } from 'vitest';
import { seed } from '../support/seed.ts';
import { sized } from '../support/size.ts';
import { storm } from '../support/trigger-storm.ts';

const slots = sized(200, 1000);

it(`fires ${slots} slots once each on five gateways that are killed at random, over up to 48 hours without any`, async () => {
  console.log(`seed ${seed}`);
  const { breaches, ...figures } = await storm({ slots, seed, gateways: 5, copies: 1 });
  console.log(JSON.stringify(figures));
  expect(breaches).toEqual([]);
  expect(figures.kills).toBeGreaterThan(0);
  expect(figures.downtimeHours).toBeGreaterThan(0);
});
