import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { casesMin, estimateOf } from '../../../src/memory/record/interval.ts';
import { differenceOf, shareOf } from '../../../src/memory/record/posterior.ts';
import { type AttemptCase, taskEstimate } from '../../../src/memory/record/record.ts';
import { random as randomFrom } from '../../support/random.ts';
import { runs, seed } from '../../support/seed.ts';

const random = randomFrom(seed);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Times that tasks may take, in minutes: none of them is what the interval supposes, since it supposes nothing. */
const histories: Readonly<Record<string, () => number>> = {
  'of one usual length': () => Math.exp(3 + 0.6 * normal()),
  'without a usual length': () => -20 * Math.log(1 - random()),
  'of two sorts': () => (random() < 0.8 ? 5 + random() : 60 + 30 * random()),
  'with rare very long ones': () => 2 / (1 - random()) ** 1.2,
  'in whole minutes': () => 1 + Math.floor(6 * random()),
};

const trials = 3_000;

describe('an estimate', () => {
  it.each(Object.keys(histories))('covers 85 of 100 next tasks, %s', (name) => {
    const take = histories[name] ?? (() => 0);
    for (const n of [casesMin, 13, 30, 100]) {
      let covered = 0;
      for (let trial = 0; trial < trials; trial++) {
        const { low, high } = estimateOf(Array.from({ length: n }, take));
        const next = take();
        if (low !== null && high !== null && low <= next && next <= high) covered++;
      }
      // Four standard errors below 0.85; above by the next possible share, and by ties.
      const error = 4 * Math.sqrt((0.85 * 0.15) / trials);
      expect(covered / trials, `${n} cases, seed ${seed}`).toBeGreaterThan(0.85 - error);
      if (name !== 'in whole minutes') expect(covered / trials).toBeLessThan(0.85 + 1 / (n + 1) + error);
    }
  });

  it('says nothing below eight cases but their number', () => {
    expect(estimateOf([1, 2, 3, 4, 5])).toEqual({ n: 5, low: null, middle: null, high: null });
    expect(shareOf({ n: 7, passed: 7 })).toEqual({ n: 7, mean: null, low: null, high: null });
    expect(differenceOf({ n: 100, passed: 50 }, { n: 7, passed: 0 })).toBeUndefined();
  });

  it('has its ends among the cases, in order', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
      minLength: casesMin,
      maxLength: 60,
    });
    fc.assert(
      fc.property(values, (given) => {
        const { low, middle, high } = estimateOf(given);
        expect([0, ...given]).toContain(low);
        expect(given).toContain(high);
        expect([low, middle, high]).toEqual([low, middle, high].toSorted((a, b) => Number(a) - Number(b)));
      }),
      runs(200),
    );
  });

  it('refines what the plan expects by how others went beside it', () => {
    const start = new Date('2030-01-01T00:00:00Z');
    const took = (minutes: number, expectedMinutes: number | null): AttemptCase => ({
      task: 't',
      kind: 'task',
      profile: '',
      outcome: 'landed',
      endedAt: new Date(start.getTime() + minutes * 60_000),
      tries: 1,
      begunAt: start,
      expectedMinutes,
      usd: null,
      tokens: null,
      files: [],
      hasAcceptance: false,
      hasDescription: false,
      hasNeeds: false,
      wasTold: false,
    });
    const twice = Array.from({ length: 20 }, (_one, n) => took(2 * (n + 1), n + 1));
    expect(taskEstimate(30, twice)).toMatchObject({
      basis: 'expected',
      n: 20,
      low: 60,
      middle: 60,
      high: 60,
    });
    expect(taskEstimate(null, twice)).toMatchObject({ basis: 'kind', n: 20, middle: 21 });
    const unplanned = twice.map((one) => ({ ...one, expectedMinutes: null }));
    expect(taskEstimate(30, unplanned)).toMatchObject({ basis: 'kind', middle: 21 });
    expect(taskEstimate(30, [{ ...took(5, 5), outcome: 'rejected' }])).toMatchObject({ n: 0, high: null });
  });
});

describe('a share', () => {
  it('has an interval that holds it in 85 of 100 cases, over shares of all sizes', () => {
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const share = random();
      const n = casesMin + Math.floor(40 * random());
      const passed = Array.from({ length: n }, random).filter((one) => one < share).length;
      const { low, high } = shareOf({ n, passed });
      if (low !== null && high !== null && low <= share && share <= high) held++;
    }
    expect(Math.abs(held / trials - 0.85), `seed ${seed}`).toBeLessThan(0.03);
  });

  it('differs from another with the probability of the exact posterior', () => {
    // P(Beta(9, 3) > Beta(3, 9)), by the closed form of Evan Miller, 2014.
    const difference = differenceOf({ n: 10, passed: 8 }, { n: 10, passed: 2 });
    expect(difference?.positive).toBeCloseTo(0.9953, 3);
    expect(difference?.mean).toBeCloseTo(0.5, 9);
    const other = differenceOf({ n: 10, passed: 2 }, { n: 10, passed: 8 });
    expect(other?.positive).toBeCloseTo(1 - (difference?.positive ?? 0), 6);
    expect(other?.low).toBeCloseTo(-(difference?.high ?? 0), 2);
  });
});
