import { describe, expect, it } from 'vitest';
import {
  backlogFigures,
  badBacklog,
  controlFigures,
  costFigures,
  disjointFigures,
  isReached,
  outcomeOf,
  type QueueFigure,
  steadyFigures,
} from '../../support/queue-figures.ts';
import { sized } from '../../support/size.ts';

const missed = (figures: readonly QueueFigure[]): readonly QueueFigure[] =>
  figures.filter((one) => !isReached(one));

describe('the planner, beside an all-knowing queue and today', () => {
  it('lands 20 disjoint changes as fast as the slots allow', () => {
    expect(missed(disjointFigures())).toEqual([]);
  });

  it('lands 45 of 50 and refuses exactly the 5 that fail, at places of 200 seeds', () => {
    expect(missed(backlogFigures(200))).toEqual([]);
    for (let seed = 0; seed < 20; seed++) {
      const world = badBacklog(seed);
      const bad = world.changes.filter(({ breaks }) => breaks.length > 0).map(({ id }) => id);
      const { landed, refused } = outcomeOf(world);
      expect([landed.length, refused], `seed ${seed}`).toEqual([45, bad]);
    }
  });

  it.each(['constant', 'random'] as const)('keeps up with steady arrivals when gates are %s', (duration) => {
    expect(missed(steadyFigures(duration, sized(3, 20)))).toEqual([]);
  });

  it('is faster than one candidate at a time', () => {
    expect(missed(controlFigures())).toEqual([]);
  });

  it('answers within 5 ms of processor time for 200 in the queue', () => {
    expect(missed(costFigures())).toEqual([]);
  });

  it('tells a figure that is not reached', () => {
    const figure = { what: 'a figure', value: 2, unit: 'times' };
    expect(isReached(figure)).toBe(true);
    expect(isReached({ ...figure, limit: { most: 1 } })).toBe(false);
    expect(isReached({ ...figure, limit: { least: 3 } })).toBe(false);
  });
});
