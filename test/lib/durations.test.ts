import { expect, it } from 'vitest';
import { durationMs, isoOfSeconds, spanWords, tookWords } from '../../src/lib/durations.ts';

it.each([
  [-5_000, '0 s'],
  [0, '0 s'],
  [36_400, '36 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [3_540_000, '59 min'],
  [3_600_000, '1.0 h'],
  [18_000_000, '5.0 h'],
  [172_800_000, '2.0 d'],
  [216_000_000, '2.5 d'],
])('says %i ms as %s', (ms, words) => {
  expect(spanWords(ms)).toBe(words);
});

it.each([
  ['250ms', 250],
  ['90s', 90_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['0s', 0],
  ['', Number.NaN],
  ['10', Number.NaN],
  ['10 m', Number.NaN],
  ['-1s', Number.NaN],
  ['1.5h', Number.NaN],
  ['1234567s', Number.NaN],
  ['1w', Number.NaN],
])('reads %s as %d ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

it('says short lengths by the millisecond, and instants as dates', () => {
  expect([tookWords(349.6), tookWords(36_400)]).toEqual(['350 ms', '36 s']);
  expect(isoOfSeconds(1_796_127_802.4)).toBe('2026-12-01T12:23:22.400Z');
  expect(isoOfSeconds(1e15)).toBe('1000000000000000');
});
