import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseGate, type WaitingGate } from '../../../src/changes/slots/choose.ts';
import { runs } from '../../support/seed.ts';

const gate = (id: string, change: Partial<WaitingGate> = {}): WaitingGate => ({
  id,
  kind: 'submission',
  rank: 0,
  waitedMs: 0,
  medianMs: 1_000,
  wantedBy: null,
  barred: [],
  ...change,
});
const landing = (id: string, rank = 0): WaitingGate => gate(id, { kind: 'landing', rank });
const chosen = (waiting: readonly WaitingGate[], slots = 2, landings = 1, taker = 'gateway') =>
  chooseGate(waiting, { slots, landings }, taker)?.id;

describe('the next gate of a free slot', () => {
  it('is none where nothing waits', () => {
    expect(chosen([])).toBeUndefined();
  });

  it('is the run of the queue that is worth most', () => {
    expect(chosen([landing('b', 1), landing('a', 2), landing('c', 0), gate('s')])).toBe('c');
  });

  it('is a submission where the queue wishes nothing, the longest waiting first', () => {
    expect(chosen([gate('a', { waitedMs: 1 }), gate('b', { waitedMs: 2 })])).toBe('b');
  });

  const waiting = [landing('l'), gate('s', { waitedMs: 1_001 })];
  it('is a submission that has waited longer than its gate takes, of two or more slots', () => {
    expect(chosen(waiting)).toBe('s');
    expect(chosen([landing('l'), gate('s', { waitedMs: 1_000 })])).toBe('l');
    expect(chosen(waiting, 1)).toBe('l');
  });

  it('is a landing, however long submissions have waited, where no slot serves the queue', () => {
    expect(chosen(waiting, 2, 0)).toBe('l');
  });

  it('takes a gate that never ran for one of a minute', () => {
    expect(chosen([landing('l'), gate('s', { waitedMs: 60_001, medianMs: null })])).toBe('s');
    expect(chosen([landing('l'), gate('s', { waitedMs: 60_000, medianMs: null })])).toBe('l');
  });

  it('is a repetition for the taker that it is wanted from, and for no other', () => {
    const repeat = gate('r', { kind: 'repeat', wantedBy: 'g/one' });
    expect(chosen([landing('l'), repeat], 2, 1, 'g/one')).toBe('r');
    expect(chosen([landing('l'), repeat], 2, 1, 'g/two')).toBe('l');
    expect(chosen([repeat], 2, 1, 'g/two')).toBeUndefined();
  });

  it('is none whose pass by this taker was contradicted', () => {
    expect(chosen([{ ...landing('l'), barred: ['g/one'] }], 2, 1, 'g/one')).toBeUndefined();
    expect(chosen([{ ...landing('l'), barred: ['g/one'] }], 2, 1, 'g/two')).toBe('l');
  });

  it('lets no slot rest while something waits for it, and neither landing nor submission for ever', () => {
    const kinds = fc.constantFrom<WaitingGate['kind']>('landing', 'submission');
    const one = fc.record({ kind: kinds, rank: fc.nat(3), waitedMs: fc.nat(5_000) });
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 2, max: 4 }),
        (given, slots) => {
          let left = given.map((change, n) => gate(`g${String(n).padStart(2, '0')}`, change));
          const inUse: WaitingGate[] = [];
          const order: WaitingGate[] = [];
          while (left.length > 0) {
            const landings = inUse.filter(({ kind }) => kind === 'landing').length;
            const next = chooseGate(left, { slots, landings }, 'gateway');
            expect(next).toBeDefined();
            if (next === undefined) return;
            if (next.kind === 'submission' && landings === 0)
              expect(left.some(({ kind }) => kind === 'landing')).toBe(false);
            const overdue = left.filter(({ kind, waitedMs }) => kind === 'submission' && waitedMs > 1_000);
            if (landings > 0 && overdue.length > 0) expect(next.kind).toBe('submission');
            left = left.filter((each) => each !== next);
            order.push(next);
            inUse.push(next);
            if (inUse.length === slots) inUse.shift();
          }
          expect(order).toHaveLength(given.length);
        },
      ),
      runs(500),
    );
  });
});
