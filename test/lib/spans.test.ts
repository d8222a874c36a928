import { expect, it } from 'vitest';
import { spanWords } from '../../src/lib/spans.ts';

it.each([
  [0, '0 s'],
  [36_400, '36 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [3_540_000, '59 min'],
  [3_600_000, '1.0 h'],
  [18_000_000, '5.0 h'],
])('says %i ms as %s', (ms, words) => {
  expect(spanWords(ms)).toBe(words);
});
