import { describe, expect, it } from 'vitest';
import { pinnedAfter } from '../../../src/changes/queue/places.ts';

describe('places that people give', () => {
  const order = ['a', 'b', 'c', 'd'];

  it.each<[string, string[], string[], string, number, string[]]>([
    ['the first place', [], order, 'c', 1, ['c']],
    ['a later place keeps all before it', [], order, 'd', 3, ['a', 'b', 'd']],
    ['a place beyond the end', [], order, 'a', 9, ['b', 'c', 'd', 'a']],
    [
      'a second move to the first place goes before the first',
      ['c'],
      ['c', 'a', 'b', 'd'],
      'd',
      1,
      ['d', 'c'],
    ],
    ['a change moved before is moved again', ['d', 'c'], ['d', 'c', 'a', 'b'], 'd', 2, ['c', 'd']],
    [
      'a held change keeps the place that it was given',
      ['h', 'c'],
      ['c', 'a', 'b', 'h'],
      'b',
      2,
      ['h', 'c', 'b'],
    ],
    ['a move behind the free ones keeps a held one', ['h'], ['a', 'b', 'h'], 'a', 2, ['h', 'b', 'a']],
  ])('%s', (_what, before, shown, moved, to, expected) => {
    expect(pinnedAfter(before, shown, moved, to)).toEqual(expected);
  });
});
