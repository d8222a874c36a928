import { describe, expect, it } from 'vitest';
import { planQueue } from '../../../src/changes/queue/planner.ts';
import { breachesOf } from '../../support/queue-properties.ts';
import { randomWorld } from '../../support/queue-worlds.ts';
import { seed } from '../../support/seed.ts';
import { sized } from '../../support/size.ts';

describe('the planner of the landing queue', () => {
  it('keeps every property in every world', () => {
    const count = sized(250, 10_000);
    console.log(`seed ${seed}, ${count} worlds`);
    for (let n = 0; n < count; n++)
      expect(breachesOf(randomWorld(seed + n), planQueue), `world ${seed + n}`).toEqual([]);
  }, 1_200_000);
});
