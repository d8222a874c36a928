import { describe, expect, it } from 'vitest';
import { DatabaseClock } from '../../src/store/clock.ts';

const at = (seconds: number): Date => new Date(seconds * 1000);
const secondsOf = (clock: DatabaseClock): number => Math.floor(clock.nowMs() / 1000);

describe('the clock of the database in memory', () => {
  it('goes on from its last reading, which may set it back', () => {
    const clock = new DatabaseClock(at(1000));
    expect(secondsOf(clock)).toBe(1000);
    clock.set(at(500), performance.now());
    expect(secondsOf(clock)).toBe(500);
  });

  it('follows what transactions find ahead of it, and nothing that they found earlier', () => {
    const clock = new DatabaseClock(at(1000));
    clock.see(at(1060));
    expect(secondsOf(clock)).toBe(1060);
    clock.see(at(1030));
    expect(secondsOf(clock)).toBe(1060);
  });

  it('is not set back by a reading that was asked for before the last one came', () => {
    const clock = new DatabaseClock(at(1000));
    const askedAt = performance.now() - 5;
    clock.see(at(1060));
    clock.set(at(1000), askedAt);
    expect(secondsOf(clock)).toBe(1060);
    clock.set(at(1000), performance.now());
    expect(secondsOf(clock)).toBe(1000);
  });
});
