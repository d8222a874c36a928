import { getEncoding } from 'js-tiktoken';
import { describe, expect, it } from 'vitest';
import { tokensAtMost } from '../../src/lib/token-bound.ts';
import { random } from '../support/random.ts';
import { seed } from '../support/seed.ts';

const encoding = getEncoding('o200k_base');
const alphabets = [
  'abcdefghijklmnopqrstuvwxyz',
  'qxzjkv',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  'abcXYZ019',
  '0123456789',
  '你好世界龘靐齉',
  'ЖщъыЯ',
  '😀👩‍👧🇩🇪',
  '\n\t  ',
  '!"#$%&/()=?`*+-_.:,;<>|~^',
  'ابجد',
  'ﷺ𝔘𝔫',
];

describe('the bound of tokens', () => {
  it('is never exceeded, whatever characters a text is made of', () => {
    console.log(`seed ${seed}`);
    const next = random(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
    const wrong: string[] = [];
    for (let n = 0; n < 5_000; n++) {
      const characters = [...`${pick(alphabets)}${pick(alphabets)}`];
      const text = Array.from({ length: 1 + Math.floor(next() * 200) }, () => pick(characters)).join('');
      if (encoding.encode(text, 'all').length > tokensAtMost(text)) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });

  it('is not exceeded by blanks before digits, each of which is a token', () => {
    for (const text of ['1 2 3 4 5 6 7 8 9 0 1 2', ' 1'.repeat(50), ' 123 45'.repeat(50), '\t 6'.repeat(50)])
      expect(encoding.encode(text).length, text).toBeLessThanOrEqual(tokensAtMost(text));
  });

  it('is at most three times the tokens of prose, so that a bounded text has room for words', () => {
    const text =
      'The task waits for a person. Its scope overlaps work that is under way, and a gate has failed. '.repeat(
        5,
      );
    expect(tokensAtMost(text)).toBeLessThan(3 * encoding.encode(text).length);
    expect(tokensAtMost('')).toBe(0);
  });
});
