import { afterEach, describe, expect, it, vi } from 'vitest';
import { countCron, nextCron, previousCron } from '../../src/schedule/cron.ts';
import { cronFault } from '../../src/schedule/cron-fields.ts';
import { isZone, zoneOffsetMs } from '../../src/schedule/zone.ts';
import { cpuClock } from '../support/cpu-clock.ts';
import { sized } from '../support/size.ts';
import { countCron as formerCount, nextCron as formerNext } from './former/cron.ts';

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Africa/Casablanca',
];
const expressions = [
  '0 9 * * *',
  '30 2 * * *',
  '0 0 1,11,21 * *',
  '15 1,2,3 * 3,4,9-11 *',
  '30 2 * * 0',
  '*/15 * * * *',
  '0 */2 * * *',
  '0 9 * * mon-fri',
  '0 12 L * *',
  '0 6 15W * *',
  '0 7 * * 5#2',
  '30 1 29 2 *',
  '0 0 13 * 5',
  '*/20 30 2 * * *',
  '59 59 23 31 12 *',
  '0-59/7 22-2 * * *',
  '0 9-17 * jan-mar,DECEMBER sun',
  '15 10 L-3 * *',
  '30 4 1,LW * *',
  '0 3 L,L-1,15W 2,6,7 *',
  '45 23 * * 5L,1#1',
  '@weekly',
];
const fromMs = Date.UTC(2026, 0, 1);
const untilMs = Date.UTC(2026 + sized(3, 10), 0, 1);
const dayMs = 86_400_000;

type Times = (expression: string, zone: string, afterMs: number, most: number, endMs?: number) => number[];

const walk =
  (next: typeof nextCron): Times =>
  (expression, zone, afterMs, most, endMs = untilMs) => {
    const found: number[] = [];
    for (let at = next({ expression, zone }, afterMs); at !== undefined && at < endMs; ) {
      found.push(at);
      if (found.length >= most) break;
      at = next({ expression, zone }, at);
    }
    return found;
  };
const ours = walk(nextCron);
/** Arithmetic independent of croner, which was held to croner's times while it was in use. */
const theirs = walk(formerNext);

/** Half a day before clocks are set, every time that they are. */
const known = new Map<string, number[]>();
function settings(zone: string): number[] {
  const remembered = known.get(zone);
  if (remembered !== undefined) return remembered;
  const found: number[] = [];
  known.set(zone, found);
  for (let at = fromMs; at < untilMs; at += dayMs)
    if (zoneOffsetMs(zone, at) !== zoneOffsetMs(zone, at + dayMs)) found.push(at - dayMs / 2);
  return found;
}

describe.each(zones)('cron times in %s', (zone) => {
  it.each(expressions)('are those of an independent implementation over years: %s', (expression) => {
    // Expressions that come all day are compared where they are hard, and at both ends.
    const frequent = /^\*|\/2|\/7/.test(expression);
    const starts = frequent ? [fromMs, ...settings(zone), untilMs - dayMs] : [fromMs];
    for (const startMs of starts) {
      const [found, expected] = [ours, theirs].map((times) =>
        times(expression, zone, startMs, frequent ? 110 : 20_000).map(iso),
      );
      expect(found).toEqual(expected);
      expect(found?.length).toBeGreaterThan(0);
    }
  });
});

const iso = (ms: number): string => new Date(ms).toISOString();

describe('counting cron times', () => {
  it.each(zones)('agrees with walking through them, over the days on which clocks are set: %s', (zone) => {
    for (const expression of expressions) {
      for (const startMs of [fromMs, ...settings(zone).slice(0, 4)]) {
        const end = startMs + 2 * dayMs + 1_234_000;
        const walked = ours(expression, zone, startMs, 5000, end + 1);
        const counts = [countCron, formerCount].map((count) => count({ expression, zone }, startMs, end));
        expect([expression, iso(startMs), ...counts]).toEqual([
          expression,
          iso(startMs),
          walked.length,
          walked.length,
        ]);
        const back: number[] = [];
        for (let at = previousCron({ expression, zone }, end + 1); at !== undefined && at > startMs; ) {
          back.unshift(at);
          at = previousCron({ expression, zone }, at);
        }
        expect([expression, iso(startMs), ...back.map(iso)]).toEqual([
          expression,
          iso(startMs),
          ...walked.map(iso),
        ]);
      }
    }
  });

  it('takes days, not times: three years of seconds cost milliseconds', () => {
    const spentMs = cpuClock();
    const count = countCron(
      { expression: '* * * * * *', zone: 'Europe/Berlin' },
      fromMs,
      fromMs + 1095 * dayMs,
    );
    expect(count).toBe(1095 * 86_400);
    expect(spentMs()).toBeLessThan(1500);
  });
});

describe('times of a cron expression', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    [
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z'],
    ],
    [
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'],
    ],
    [
      '*/30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T23:00:00Z',
      [
        '2026-10-25T00:00:00.000Z',
        '2026-10-25T00:30:00.000Z',
        '2026-10-25T01:00:00.000Z',
        '2026-10-25T01:30:00.000Z',
      ],
    ],
    [
      '0 0 * * *',
      'America/Santiago',
      '2026-09-05T12:00:00Z',
      ['2026-09-06T04:00:00.000Z', '2026-09-07T03:00:00.000Z'],
    ],
    [
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T00:00:00Z',
      ['2026-10-03T15:30:00.000Z', '2026-10-04T15:15:00.000Z'],
    ],
    [
      '15 10 L-3 2 *',
      'UTC',
      '2027-01-01T00:00:00Z',
      ['2027-02-25T10:15:00.000Z', '2028-02-26T10:15:00.000Z'],
    ],
  ])('are those that were written down: %s in %s after %s', (expression, zone, after, times) => {
    expect(ours(expression, zone, Date.parse(after), times.length).map(iso)).toEqual(times);
  });

  it.each(zones)('have the same rule under a name: @hourly in %s', (zone) => {
    for (const startMs of settings(zone).slice(0, 4))
      expect(ours('@hourly', zone, startMs, 60)).toEqual(theirs('0 * * * *', zone, startMs, 60));
  });

  it('do not depend on the clock, and start no timer', () => {
    vi.useFakeTimers({ now: Date.UTC(2035, 5, 1) });
    const cron = { expression: '7 */3 * * *', zone: 'Asia/Kolkata' };
    expect(nextCron(cron, fromMs)).toBe(formerNext(cron, fromMs));
    expect(iso(previousCron(cron, fromMs) ?? 0)).toBe('2025-12-31T21:37:00.000Z');
    expect(countCron(cron, fromMs, fromMs + 10 * dayMs)).toBe(80);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not looked for in more than 45 years', () => {
    const rare = { expression: '0 0 29 2 1', zone: 'UTC' };
    expect(previousCron(rare, Date.UTC(2044, 1, 29))).toBe(Date.UTC(2016, 1, 29));
    expect(nextCron(rare, Date.UTC(2072, 1, 29))).toBe(formerNext(rare, Date.UTC(2072, 1, 29)));
  });
});

describe('a cron expression', () => {
  it.each([
    '0 0 30 2 *',
    '60 * * * *',
    Array(60).fill('*').join(' '),
    '',
    'every day',
    '* * * *',
    `${'1,'.repeat(200)}1 * * * *`,
  ])('is refused with words when it cannot be: %s', (expression) =>
    expect(cronFault(expression)).toEqual(expect.any(String)),
  );

  it('that never comes is found out in bounded time', () => {
    const spentMs = cpuClock();
    // The fifth Monday of a February that has 29 days comes; the fifth of one that is also the last Tuesday does not.
    expect(nextCron({ expression: '0 0 29 2 1#1', zone: 'UTC' }, fromMs)).toBeUndefined();
    expect(spentMs()).toBeLessThan(1500);
    expect(nextCron({ expression: '0 0 29 2 1', zone: 'UTC' }, fromMs)).toBe(Date.UTC(2044, 1, 29));
  });

  it('is read in zones of the IANA database only', () => {
    expect(['Europe/Berlin', 'UTC', 'Asia/Kathmandu'].every(isZone)).toBe(true);
    expect(['', 'Mars/Olympus', 'Europe/Berlin; drop', '__proto__'].some(isZone)).toBe(false);
  });
});
