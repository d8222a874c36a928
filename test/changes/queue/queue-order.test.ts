import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OrderRow, orderQueue } from '../../../src/changes/queue/queue-order.ts';
import { priorities } from '../../../src/plan/kinds.ts';
import { runs } from '../../support/seed.ts';

const hourMs = 3_600_000;

const row = (id: string, approvedAtMs: number, more: Partial<OrderRow> = {}): OrderRow => ({
  id,
  priority: 'normal',
  approvedAtMs,
  clearedAtMs: undefined,
  needs: [],
  position: undefined,
  headPlace: undefined,
  overtaken: 0,
  ...more,
});

const order = (rows: readonly OrderRow[], nowMs = 0): string => orderQueue(rows, nowMs).join('');

describe('the order of the queue', () => {
  it('is the priority, then the time of approval or of clearing', () => {
    const rows = [row('a', 1), row('b', 2, { priority: 'critical' }), row('c', 0), row('d', 3)];
    expect(order(rows)).toBe('bcad');
    expect(order([...rows, row('e', 0, { clearedAtMs: 2.5 })])).toBe('bcaed');
    expect(order([row('b', 1), row('a', 1)])).toBe('ab');
  });

  it('puts a change behind what it needs, and moves nothing else', () => {
    expect(order([row('a', 0, { needs: ['c'] }), row('b', 1), row('c', 2), row('d', 3)])).toBe('bcad');
    expect(order([row('a', 0, { needs: ['landed'] }), row('b', 1)])).toBe('ab');
    expect(order([row('a', 0), row('b', 1), row('c', 2, { needs: ['a'] })])).toBe('abc');
    expect(order([row('a', 0, { needs: ['b'] }), row('b', 1, { needs: ['c'] }), row('c', 2)])).toBe('cba');
    expect(order([row('a', 0, { needs: ['b'] }), row('b', 1, { needs: ['a'] })])).toBe('ab');
  });

  it('lets a change overtake eight others, and none that was overtaken eight times', () => {
    const ten = [...'abcdefghij'].map((id, at) => row(id, at));
    expect(order([...ten, row('!', 99, { priority: 'high' })])).toBe('ab!cdefghij');
    const tired = ten.map((one) => (one.id === 'f' ? { ...one, overtaken: 8 } : one));
    expect(order([...tired, row('!', 99, { priority: 'high' })])).toBe('abcdef!ghij');
    const many = Array.from({ length: 12 }, (_, at) => row(`${at}!`, 100 + at, { priority: 'high' }));
    expect(orderQueue([...ten, ...many], 0).indexOf('j')).toBe(9 + 8);
  });

  it('treats a low one as a normal one after an hour', () => {
    const rows = [row('a', 0, { priority: 'low' }), row('b', 1)];
    expect(order(rows, hourMs - 1)).toBe('ba');
    expect(order(rows, hourMs)).toBe('ab');
  });

  it('lets a newcomer join behind the head that is under test', () => {
    const head = [row('a', 5, { headPlace: 0, priority: 'low' }), row('b', 4, { headPlace: 1 })];
    expect(order([row('c', 6, { priority: 'critical' }), ...head])).toBe('abc');
  });

  it('takes first, in their order, what a person has moved to a position', () => {
    const rows = [row('a', 0, { headPlace: 0 }), row('b', 1, { position: 2 }), row('c', 2, { position: 1 })];
    expect(order(rows)).toBe('cba');
  });
});

const rowsOf = fc.array(
  fc.record({
    priority: fc.constantFrom(...priorities),
    approvedAtMs: fc.integer({ min: 0, max: 2 * hourMs }),
    needs: fc.array(fc.nat(20), { maxLength: 2 }),
    headPlace: fc.option(fc.nat(9), { nil: undefined, freq: 3 }),
    overtaken: fc.nat(9),
  }),
  { maxLength: 24 },
);

describe('any queue', () => {
  it('keeps every change once, needs first, and lets none pass or be passed more than eight times', () => {
    fc.assert(
      fc.property(rowsOf, fc.infiniteStream(fc.nat()), (found, shuffle) => {
        const rows = found.map((one, at) =>
          row(`c${at}`, one.approvedAtMs, {
            ...one,
            needs: one.needs.filter((need) => need < at).map((need) => `c${need}`),
          }),
        );
        const ids = orderQueue(rows, 2 * hourMs);
        expect(ids.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
        for (const { id, needs } of rows)
          for (const need of needs) expect(ids.indexOf(need)).toBeLessThan(ids.indexOf(id));
        const mixed = rows.map((one) => [shuffle.next().value ?? 0, one] as const).sort(([a], [b]) => a - b);
        expect(
          orderQueue(
            mixed.map(([, one]) => one),
            2 * hourMs,
          ),
        ).toEqual(ids);

        const free = rows.map((one) => ({ ...one, needs: [], headPlace: undefined }));
        const order = orderQueue(free, 2 * hourMs);
        const joined = free.toSorted((a, b) => a.approvedAtMs - b.approvedAtMs || (a.id < b.id ? -1 : 1));
        for (const [at, { id, overtaken }] of joined.entries()) {
          const earlier = joined.slice(0, at).filter((one) => order.indexOf(one.id) > order.indexOf(id));
          const later = joined.slice(at + 1).filter((one) => order.indexOf(one.id) < order.indexOf(id));
          expect(earlier.length).toBeLessThanOrEqual(8);
          expect(later.length).toBeLessThanOrEqual(Math.max(0, 8 - overtaken));
        }
      }),
      runs(500),
    );
  });
});
