import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlobs, compileScope } from '../../src/lib/glob-match.ts';
import { cpuClock } from '../support/cpu-clock.ts';
import { allPaths, referenceMatch, someGlob } from '../support/globs.ts';
import { runs } from '../support/seed.ts';

describe('matching a path', () => {
  it.each([
    ['a/**', 'a', false],
    ['a/**', 'a/b', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'ab/c', false],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/b', 'a/x/y/c', false],
    ['**', 'a', true],
    ['**/b', 'b', true],
    ['*/**', 'a', false],
    ['*', 'a/b', false],
    ['*.ts', '.ts', true],
    ['?', 'é', true],
    ['?', '😀', true],
    ['??', '😀', false],
    ['*??', '😀', false],
    ['src/*.test.ts', 'src/a.test.test.ts', true],
    ['src/cart.ts', 'src/cart.ts', true],
    ['src/cart.ts', 'src/cart.ts/x', false],
    ['A', 'a', false],
  ])('%s on %s is %s', (glob, path, expected) => {
    expect(compileGlobs([glob])(path)).toBe(expected);
  });

  it('agrees with a second reading of the language', () => {
    const paths = allPaths('ab/', 5);
    fc.assert(
      fc.property(someGlob, (glob) => {
        const matches = compileGlobs([glob]);
        for (const path of paths) expect(matches(path), path).toBe(referenceMatch(glob, path));
      }),
      runs(500),
    );
  });

  it('denies what x names inside w, and takes no path with an empty segment', () => {
    const inScope = compileScope(['src/**'], ['src/secret/**', '**/*.pem']);
    expect(['src/a', 'src/secret', 'src/secret/a', 'src/k.pem', 'doc/a'].map(inScope)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(['', '/src/a', 'src//a', 'src/a/'].map(inScope)).toEqual([false, false, false, false]);
  });

  it('stays linear on a pattern made to backtrack', () => {
    const matches = compileGlobs([`${'*a'.repeat(60)}*b`, `${'**/a/'.repeat(40)}b`]);
    const spentMs = cpuClock();
    expect(matches('a'.repeat(255))).toBe(false);
    expect(matches(`${'a/'.repeat(500)}a`)).toBe(false);
    expect(spentMs()).toBeLessThan(100);
  });
});
