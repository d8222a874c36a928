import { describe, expect, it } from 'vitest';
import { type Condition, counted, fieldOf, keyOf, matches } from '../../src/triggers/condition.ts';
import { dueDeadlines } from '../../src/triggers/deadlines.ts';
import { rated } from '../../src/triggers/rate.ts';

const event = (data: Record<string, unknown>, subject = 'change/c1') => ({
  subject,
  actor: 'gateway',
  action: null,
  allowed: true,
  data,
});

describe('a condition', () => {
  /** Feeds events, each `[passed, minutes]`, and answers the indices at which the condition fires. */
  const fires = (condition: Condition, events: readonly (readonly [boolean, number])[]): number[] => {
    let tally: readonly number[] = [];
    return events.flatMap(([passed, minutes], index) => {
      const next = counted(condition, tally, { ...event({ passed }), atMs: minutes * 60_000 });
      tally = next.tally;
      return next.fires ? [index] : [];
    });
  };
  const failed = { where: { 'data.passed': false } };
  const table: [string, Condition, (readonly [boolean, number])[], number[]][] = [
    [
      'fires at every match',
      failed,
      [
        [false, 0],
        [true, 1],
        [false, 2],
      ],
      [0, 2],
    ],
    [
      'fires at two in a row',
      { ...failed, consecutive: 2 },
      [
        [false, 0],
        [false, 1],
      ],
      [1],
    ],
    [
      'begins anew after another',
      { ...failed, consecutive: 2 },
      [
        [false, 0],
        [true, 1],
        [false, 2],
        [false, 3],
      ],
      [3],
    ],
    [
      'does not count twice',
      { ...failed, consecutive: 2 },
      [
        [false, 0],
        [false, 1],
        [false, 2],
        [false, 3],
      ],
      [1, 3],
    ],
    [
      'counts within a window',
      { ...failed, count: 3, within: '1h' },
      [
        [false, 0],
        [false, 10],
        [true, 11],
        [false, 59],
      ],
      [3],
    ],
    [
      'forgets what is older',
      { ...failed, count: 3, within: '1h' },
      [
        [false, 0],
        [false, 10],
        [false, 61],
        [false, 65],
      ],
      [3],
    ],
  ];
  it.each(table)('%s', (_title, condition, events, expected) => {
    expect(fires(condition, events)).toEqual(expected);
  });

  it('compares type and value, and reads own members only', () => {
    expect(matches({ where: { 'data.passed': false } }, event({ passed: 'false' }))).toBe(false);
    expect(matches({ where: { 'data.gate': 'build' } }, event({}))).toBe(false);
    expect(fieldOf(event({}), 'data.constructor')).toBeUndefined();
    expect(fieldOf(event({}), 'data.__proto__.x')).toBeUndefined();
    expect(fieldOf(event({ a: { b: 1 } }), 'data.a.b')).toBe(1);
  });

  it('counts apart by task, by what it is about, or by the field that is named', () => {
    expect(keyOf({}, event({ task: 'cart' }))).toBe('cart');
    expect(keyOf({}, event({}))).toBe('change/c1');
    expect(keyOf({ per: 'actor' }, event({ task: 'cart' }))).toBe('gateway');
    expect(keyOf({ per: 'project' }, event({ task: 'cart' }))).toBe('');
    expect(keyOf({ per: 'data.x' }, event({ x: 'y'.repeat(5000) }))).toHaveLength(200);
  });
});

describe('deadlines', () => {
  const hourMs = 3_600_000;
  const steps = [{ before: '24h' }, { before: '12h' }, { before: '6h' }];
  const deadlineMs = Date.UTC(2026, 5, 2);
  const look = (hoursLeft: number, fired: string[] = [], catchUpMs = 24 * hourMs) =>
    dueDeadlines(steps, [{ task: 't', deadlineMs }], (slot) => fired.includes(slot.split('/')[1] ?? ''), {
      nowMs: deadlineMs - hoursLeft * hourMs,
      catchUpMs,
    });
  const table: [string, number, string[], number[], number, number | undefined][] = [
    ['are nothing before the first step', 25, [], [], 0, 24],
    ['fire the first step', 24, [], [0], 0, 12],
    ['fire no step twice', 20, ['24h'], [], 0, 12],
    ['fire only the last of those that passed together', 5, [], [2], 2, undefined],
    ['fire nothing that is too old', -30, [], [], 3, undefined],
  ];
  it.each(table)('%s', (_title, hoursLeft, fired, slots, missed, next) => {
    const found = look(hoursLeft, fired);
    expect(found.slots.map(({ step }) => step)).toEqual(slots);
    expect(found.missed).toHaveLength(missed);
    expect(found.nextAtMs).toBe(next === undefined ? undefined : deadlineMs - next * hourMs);
  });
});

describe('a rate', () => {
  it('lets so many through in an hour that begins with the first, and tells of the rest when it is over', () => {
    const first = rated({ atMs: undefined, count: 0, held: 0 }, 3, 2, 0);
    expect(first).toMatchObject({ allowed: 2, digest: 0, hour: { atMs: 0, count: 2, held: 1 } });
    const second = rated(first.hour, 2, 2, 3_599_999);
    expect(second).toMatchObject({ allowed: 0, hour: { held: 3 } });
    expect(rated(second.hour, 1, 2, 3_600_000)).toMatchObject({
      allowed: 1,
      digest: 3,
      hour: { count: 1, held: 0 },
    });
  });
});
