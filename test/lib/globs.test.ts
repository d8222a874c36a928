import { describe, expect, it } from 'vitest';
import { AndonError } from '../../src/lib/errors.ts';
import { globFault, parseGlob } from '../../src/lib/globs.ts';

describe('globs', () => {
  it('accepts literals, question marks, stars and whole-segment double stars', () => {
    for (const text of [
      'a',
      'src/**',
      '**',
      '**/*.ts',
      'src/*/x?.ts',
      'größe/*',
      'a b',
      '.gitignore',
      'a"b',
    ]) {
      expect(globFault(text), text).toBeUndefined();
    }
  });

  it.each([
    ['', 'is empty'],
    ['a'.repeat(257), 'longer than 256 bytes'],
    ['é'.repeat(129), 'longer than 256 bytes'],
    ['src/{a,b}', 'brace'],
    ['src/[ab].ts', 'bracket'],
    ['!src/**', 'no negation'],
    ['/src', 'relative to the root'],
    ['src/', 'everything below a folder'],
    ['a//b', 'empty segment'],
    ['a/../b', 'dot segment'],
    ['./a', 'dot segment'],
    ['a**', '`**` beside other characters'],
    ['**.ts', '`**` beside other characters'],
    ['***', '`**` beside other characters'],
    ['a\\*', 'backslash'],
    ['a\nb', 'control character'],
    ['a\u0000', 'control character'],
    ['\ud800', 'not valid Unicode'],
    ['.git/config', 'names .git'],
    ['.GIT', 'names .git'],
  ])('refuses %j and says how to write it', (text, words) => {
    expect(globFault(text)).toContain(words);
    expect(() => parseGlob(text)).toThrow(AndonError);
  });

  it('carries the glob and the fault in the error', () => {
    try {
      parseGlob('src/{a,b}');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'scope.glob', reasons: [{ subject: 'src/{a,b}' }] });
    }
  });
});
