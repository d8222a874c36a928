import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSlots, latestSlots, nextSlot, nextSlots, type Timed } from '../../src/schedule/slots.ts';
import { type Armed, due, type MisfirePolicy } from '../../src/triggers/due.ts';
import { cpuClock } from '../support/cpu-clock.ts';
import { seed } from '../support/seed.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 5, 1);
const hourly: Timed = { id: 'trg_hourly', every: '1h' };
const policy: MisfirePolicy = { misfire: 'once', most: 10, catchUpMs: dayMs };

const armed = (timed: Timed, change: Partial<MisfirePolicy> = {}, afterMs = startMs): Armed => {
  const next = nextSlot(timed, afterMs);
  if (next === undefined) throw new Error('never');
  return { timed, policy: { ...policy, ...change }, next };
};
const at = (hours: number, seconds = 0): number => startMs + hours * hourMs + seconds * 1000;
const named = (hours: number): string => new Date(at(hours)).toISOString();

describe('what is due', () => {
  const table: [string, Partial<MisfirePolicy>, number, string[], number, string][] = [
    ['fires a slot on time', {}, at(1), [named(1)], 0, named(2)],
    ['fires a slot a little late', { misfire: 'skip' }, at(1, 59), [named(1)], 0, named(2)],
    ['skips what is late', { misfire: 'skip' }, at(1, 61), [], 1, named(2)],
    ['skips a night, and fires what is on time', { misfire: 'skip' }, at(9), [named(9)], 8, named(10)],
    ['makes up for a night once', {}, at(9, 600), [named(9)], 8, named(10)],
    ['makes up for what is late, however late within the bound', {}, at(1, 3000), [named(1)], 0, named(2)],
    [
      'makes up for all of a night',
      { misfire: 'all' },
      at(3, 600),
      [named(1), named(2), named(3)],
      0,
      named(4),
    ],
    [
      'makes up for the latest n',
      { misfire: 'all', most: 2 },
      at(9, 600),
      [named(8), named(9)],
      7,
      named(10),
    ],
    [
      'makes up for nothing older than the bound',
      { misfire: 'all', most: 100 },
      at(30, 600),
      span(7, 30),
      6,
      named(31),
    ],
    ['makes up for nothing when all is too old', { catchUpMs: 60_000 }, at(1, 600), [], 1, named(2)],
  ];
  it.each(table)('%s', (_title, change, nowMs, slots, missed, next) => {
    const [found] = due([armed(hourly, change)], nowMs);
    expect(found?.slots.map(({ slot }) => slot)).toEqual(slots);
    expect(found?.missed).toBe(missed);
    expect(new Date(found?.next?.slotMs ?? 0).toISOString()).toBe(next);
  });

  it('is nothing before its time', () => {
    expect(due([armed(hourly)], at(1) - 1)).toEqual([]);
  });

  it('counts three years of missed seconds without walking through them', () => {
    const spentMs = cpuClock();
    const [found] = due(
      [armed({ id: 't', cron: '* * * * * *', zone: 'Europe/Berlin' })],
      startMs + 1095 * dayMs,
    );
    expect(found?.slots).toHaveLength(1);
    expect(found?.missed).toBe(1095 * 86_400 - 1);
    expect(spentMs()).toBeLessThan(3000);
  });

  it('loses no slot and gives none twice, whenever somebody looks', () => {
    const somebodyLooks = fc.array(fc.integer({ min: 1, max: 48 * hourMs }), { minLength: 1, maxLength: 30 });
    const timed = fc.constantFrom<Timed>(
      hourly,
      { id: 'a', every: '7m', jitter: '6m' },
      { id: 'b', cron: '*/10 * * * *', zone: 'Europe/Berlin' },
      { id: 'c', cron: '30 2 * * *', zone: 'Europe/Berlin' },
    );
    const misfire = fc.constantFrom('skip' as const, 'once' as const, 'all' as const);
    fc.assert(
      fc.property(timed, misfire, fc.integer({ min: 0, max: 300 }), somebodyLooks, (one, how, day, waits) => {
        let now = startMs + day * dayMs;
        const beganMs = now;
        let trigger = armed(one, { misfire: how }, now);
        const seen = new Set<string>();
        let missed = 0;
        let until = 0;
        for (const wait of waits) {
          now += wait;
          const [found] = due([trigger], now);
          if (found?.next === undefined) continue;
          for (const { slot } of found.slots) {
            expect(seen.has(slot)).toBe(false);
            seen.add(slot);
          }
          missed += found.missed;
          expect(found.missed).toBeGreaterThanOrEqual(0);
          expect(found.next.atMs).toBeGreaterThan(now);
          until = found.next.slotMs - 1;
          trigger = { ...trigger, next: found.next };
        }
        if (until > 0) expect(seen.size + missed).toBe(countSlots(one, beganMs, until));
      }),
      { seed, numRuns: 150 },
    );
  });
});

function span(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, n) => named(from + n));
}

describe('slots', () => {
  it('have the same jitter on every gateway, within its bound, and not always the same', () => {
    const timed: Timed = { id: 'trg_x', every: '2h', jitter: '5m' };
    const delays = nextSlots(timed, startMs, 50).map(({ slotMs, atMs }) => atMs - slotMs);
    expect(nextSlots(timed, startMs, 50).map(({ slotMs, atMs }) => atMs - slotMs)).toEqual(delays);
    expect(Math.max(...delays)).toBeLessThan(5 * 60_000);
    expect(new Set(delays).size).toBeGreaterThan(40);
  });

  it('that are the latest are found without those before', () => {
    const yearly: Timed = { id: 'y', cron: '* * * 1 1 *', zone: 'UTC' };
    const latest = latestSlots(yearly, startMs, startMs + 300 * dayMs, 3);
    expect(latest.map(({ slotMs }) => new Date(slotMs).toISOString())).toEqual([
      '2027-01-01T23:59:57.000Z',
      '2027-01-01T23:59:58.000Z',
      '2027-01-01T23:59:59.000Z',
    ]);
  });
});

describe('short periods after a downtime', () => {
  const at = Date.UTC(2026, 10, 30, 12);
  const firedOf = (misfire: MisfirePolicy['misfire'], timed: Partial<Armed['timed']>, downMs: number) => {
    const policy = { misfire, most: 3, catchUpMs: 86_400_000 };
    const slotMs = at - downMs;
    const [one] = due(
      [{ timed: { id: 'trg_1', ...timed }, policy, next: { slotMs, atMs: slotMs } }],
      at + 500,
    );
    return one;
  };

  it.each([
    ['cron', { cron: '*/2 * * * * *' }],
    ['an interval', { every: '2s' }],
  ])('fire one slot with skip and once, however many were missed within a minute, by %s', (_name, timed) => {
    for (const misfire of ['skip', 'once'] as const) {
      const one = firedOf(misfire, timed, 20_000);
      expect(one?.slots.map(({ atMs }) => atMs)).toEqual([at]);
      expect(one?.missed).toBe(10);
    }
    expect(firedOf('all', timed, 20_000)?.slots).toHaveLength(3);
  });

  it('leave the grace of a minute to longer ones, and none to a slot that is as old as the interval', () => {
    const slotMs = at - 59_000;
    const policy = { misfire: 'skip' as const, most: 3, catchUpMs: 0 };
    const next = { slotMs, atMs: slotMs };
    expect(
      due(
        [{ timed: { id: 't', cron: '0 0 12 * * *' }, policy, next: { slotMs: at, atMs: at } }],
        at + 59_000,
      )[0]?.slots,
    ).toHaveLength(1);
    expect(
      due([{ timed: { id: 't', every: '10s' }, policy, next }], at)[0]?.slots.map((slot) => slot.atMs),
    ).toEqual([at]);
  });
});
