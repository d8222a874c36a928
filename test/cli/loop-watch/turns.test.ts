import { describe, expect, it } from 'vitest';
import { firstTurn, type LoopLook, nextTurn, type Turn } from '../../../src/cli/loop-watch/turns.ts';
import { restartAfter } from '../../../src/cli/up/restarts.ts';

const limits = { tellMs: 10_000, endMs: 60_000 };
const seen = (looks: readonly LoopLook[]): { acts: (string | undefined)[]; turn: Turn } => {
  const [first = { beats: 0, cpuMs: 0, isMarked: false }, ...rest] = looks;
  let turn = firstTurn(first);
  const acts = rest.map((look) => {
    const next = nextTurn(turn, look, limits);
    turn = next.turn;
    return next.act;
  });
  return { acts, turn };
};
const at = (beats: number, cpuSeconds: number, isMarked = false): LoopLook => ({
  beats,
  cpuMs: cpuSeconds * 1000,
  isMarked,
});

describe('a turn of a loop', () => {
  it('is told once at 10 s of processor time, and ends the process at 60', () => {
    const { acts } = seen([at(1, 100), at(1, 109), at(1, 110), at(1, 115), at(1, 159), at(1, 160)]);
    expect(acts).toEqual([undefined, 'tell', undefined, undefined, 'end']);
  });

  it('is another one when the loop came round, however much was used before', () => {
    const { acts } = seen([at(1, 0), at(1, 59), at(2, 61), at(2, 70), at(2, 71)]);
    expect(acts).toEqual(['tell', undefined, undefined, 'tell']);
  });

  it('may use any time in a long statement, and is told', () => {
    const { acts, turn } = seen([at(1, 0), at(1, 50, true), at(1, 500, true), at(1, 501), at(1, 560)]);
    expect(acts).toEqual(['tell', undefined, undefined, 'end']);
    expect(turn.unmarkedMs).toBe(60_000);
  });

  it('uses nothing while the process sleeps or is stopped', () => {
    expect(seen(Array.from({ length: 1000 }, () => at(1, 7))).acts).not.toContain('tell');
  });
});

describe('restarts', () => {
  it('are three in ten minutes at most', () => {
    const three = [0, 1, 2].reduce<readonly number[]>(
      (all, minute) => restartAfter(all, minute * 60_000) ?? [],
      [],
    );
    expect(three).toEqual([0, 60_000, 120_000]);
    expect(restartAfter(three, 599_999)).toBeUndefined();
    expect(restartAfter(three, 600_000)).toEqual([60_000, 120_000, 600_000]);
  });
});
