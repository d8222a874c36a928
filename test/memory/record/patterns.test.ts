import { describe, expect, it } from 'vitest';
import { patternsFor, patternsOf } from '../../../src/memory/record/patterns.ts';
import { type AttemptCase, recordOf } from '../../../src/memory/record/record.ts';
import { random as randomFrom } from '../../support/random.ts';
import { seed } from '../../support/seed.ts';

const random = randomFrom(seed);
const start = Date.parse('2030-01-01T00:00:00Z');
const folders = ['src/pay', 'src/cart', 'docs', 'test'];

/** An attempt of a history, with facts at random. */
const attemptOf = (passes: (one: AttemptCase) => number, n: number): AttemptCase => {
  const one: AttemptCase = {
    task: `t${n}`,
    kind: 'bug',
    profile: random() < 0.5 ? 'builder' : 'lead',
    outcome: 'landed',
    endedAt: new Date(start + n * 3_600_000),
    tries: random() < 0.7 ? 1 : 2,
    begunAt: new Date(start),
    expectedMinutes: null,
    usd: null,
    tokens: null,
    files: [`${folders[Math.floor(4 * random())]}/a.ts`],
    hasAcceptance: random() < 0.5,
    hasDescription: random() < 0.5,
    hasNeeds: random() < 0.3,
    wasTold: random() < 0.2,
  };
  return random() < passes(one) ? one : { ...one, outcome: 'rejected' };
};
const history = (size: number, passes: (one: AttemptCase) => number): AttemptCase[] =>
  Array.from({ length: size }, (_one, n) => attemptOf(passes, n));

describe('patterns', () => {
  it('come from chance alone in fewer than one history of ten', () => {
    const told = Array.from({ length: 100 }, () => patternsOf(history(60, () => 0.6))).filter(
      (found) => found.length > 0,
    );
    expect(told.length, `seed ${seed}`).toBeLessThanOrEqual(12);
  });

  it('tell a fact that makes the difference, with the kind that it is of', () => {
    const found = patternsOf(history(200, ({ hasAcceptance }) => (hasAcceptance ? 0.9 : 0.4)));
    const [first] = found;
    expect(first, `seed ${seed}`).toMatchObject({ kind: 'bug', fact: 'acceptance' });
    expect(first?.difference.low).toBeGreaterThan(0.2);
    expect(first?.n.with).toBeGreaterThan(50);
    const failing = patternsOf(history(300, ({ files }) => (files[0]?.startsWith('src/pay') ? 0.2 : 0.8)));
    expect(failing[0]).toMatchObject({ fact: 'folder:src/pay' });
    expect(failing[0]?.difference.high).toBeLessThan(0);
  });

  it('tell nothing below eight cases on either side, whatever these came to', () => {
    const few = history(100, () => 0.5).map(
      (one, n): AttemptCase => ({
        ...one,
        hasNeeds: n < 7,
        outcome: n < 7 ? 'rejected' : 'landed',
      }),
    );
    expect(patternsOf(few).map(({ fact }) => fact)).not.toContain('needs');
    expect(patternsOf(few.slice(0, 15))).toEqual([]);
  });

  it('say of a task which of them hold for it', () => {
    const found = patternsOf(history(300, ({ hasAcceptance }) => (hasAcceptance ? 0.95 : 0.3)));
    const task = {
      profile: null,
      tries: 1,
      files: [],
      hasAcceptance: false,
      hasDescription: true,
      hasNeeds: false,
      wasTold: false,
    };
    const held = patternsFor(task, found).find(({ fact }) => fact === 'acceptance');
    expect(held).toMatchObject({ holds: false });
    const folder = { ...found[0], fact: 'folder:docs' } as (typeof found)[number];
    expect(patternsFor(task, [folder])[0]?.holds).toBeNull();
  });
});

describe('a record', () => {
  it('stands in the order of names, however well each went, and by periods that begin on their day', () => {
    const cases = [
      ...history(40, () => 0.1).map((one) => ({ ...one, profile: 'aa' })),
      ...history(40, () => 0.9).map((one) => ({ ...one, profile: 'zz' })),
    ];
    const rows = recordOf(cases, 'all');
    expect(rows.map(({ profile }) => profile)).toEqual(['aa', 'zz']);
    expect(rows[0]?.firstPass.mean).toBeLessThan(rows[1]?.firstPass.mean ?? 0);
    const days = recordOf(cases, 'day').map(({ from }) => from);
    expect([...new Set(days)]).toEqual(['2030-01-01', '2030-01-02']);
    // 2030-01-01 is a Tuesday.
    expect(recordOf(cases, 'week')[0]?.from).toBe('2029-12-31');
    expect(recordOf(cases, 'month')[0]?.from).toBe('2030-01-01');
  });
});
