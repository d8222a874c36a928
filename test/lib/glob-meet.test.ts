import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meetGlobs } from '../../src/lib/glob-meet.ts';
import { escapes } from '../../src/lib/glob-search.ts';
import { cpuClock } from '../support/cpu-clock.ts';
import { allPaths, referenceScope, someGlobs } from '../support/globs.ts';
import { runs } from '../support/seed.ts';

describe('the intersection of globs', () => {
  it.each([
    [['src/**'], ['**/*.ts'], ['src/**/*.ts']],
    [['src/**'], ['src/cart/**'], ['src/cart/**']],
    [['a*'], ['*a'], ['a', 'a*a']],
    [['**/a'], ['a/**'], ['a/**/a']],
    [['a/**/b'], ['a/*'], ['a/b']],
    [['**'], ['**'], ['**']],
    [['a?'], ['?b'], ['ab']],
    [['a'], ['b'], []],
    [[], ['**'], []],
  ])('%j and %j give %j', (one, other, expected) => {
    expect(meetGlobs(one, other)).toEqual(expected);
  });

  it('matches exactly the paths that both match', () => {
    const paths = allPaths('ab/', 6);
    fc.assert(
      fc.property(someGlobs(2), someGlobs(2), (one, other) => {
        const met = meetGlobs(one, other);
        expect(escapes(met, [], one, [])).toBeUndefined();
        expect(escapes(met, [], other, [])).toBeUndefined();
        for (const path of paths) {
          if (!referenceScope(one, [], path) || !referenceScope(other, [], path)) continue;
          expect(referenceScope(met, [], path), path).toBe(true);
        }
      }),
      runs(1500),
    );
  });

  it('refuses a result of more globs than a capability holds', () => {
    const names = Array.from({ length: 65 }, (_, i) => `a${i}`);
    expect(meetGlobs(['**'], names.slice(1))).toHaveLength(64);
    expect(() => meetGlobs(['**'], names)).toThrow('lattice.cost');
  });

  it('gives up with lattice.cost when the intersection needs too many globs', () => {
    const spentMs = cpuClock();
    expect(() => meetGlobs(['*a*b*c*d*e*f*g*h*i*j*'], ['*1*2*3*4*5*6*7*8*9*0*'])).toThrow('lattice.cost');
    expect(spentMs()).toBeLessThan(200);
  });
});
