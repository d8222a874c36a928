import { Cron as Croner } from 'croner';
import { describe, expect, it } from 'vitest';
import { countCron, nextCron } from '../../../src/tasks/schedule/cron.ts';
import { cronFault } from '../../../src/tasks/schedule/cron-fields.ts';
import { isZone, zoneOffsetMs } from '../../../src/tasks/schedule/zone.ts';
import { cpuClock } from '../../support/cpu-clock.ts';

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
];
const fromMs = Date.UTC(2026, 0, 1);
const untilMs = Date.UTC(2036, 0, 1);
const dayMs = 86_400_000;

type Times = (expression: string, zone: string, afterMs: number, most: number, endMs?: number) => number[];

const ours: Times = (expression, zone, afterMs, most, endMs = untilMs) => {
  const found: number[] = [];
  for (let at = nextCron({ expression, zone }, afterMs); at !== undefined && at < endMs; ) {
    found.push(at);
    if (found.length >= most) break;
    at = nextCron({ expression, zone }, at);
  }
  return found;
};

/** croner, told to use the same rule: both day fields hold, and lists and ranges are fixed times. */
const theirs: Times = (expression, zone, afterMs, most) => {
  const cron = new Croner(expression, {
    timezone: zone,
    paused: true,
    domAndDow: true,
    fixedTimeRule: 'no-wildcard',
  });
  const found: number[] = [];
  for (let at = cron.nextRun(new Date(afterMs)); at !== null && at.getTime() < untilMs; ) {
    found.push(at.getTime());
    if (found.length >= most) break;
    at = cron.nextRun(at);
  }
  return found;
};

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
  it.each(expressions)('are those of an independent implementation over ten years: %s', (expression) => {
    // What happens all day is compared where it is hard, and at both ends.
    const frequent = /^\*|\/2/.test(expression);
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
        expect([expression, iso(startMs), countCron({ expression, zone }, startMs, end)]).toEqual([
          expression,
          iso(startMs),
          walked.length,
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
