import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapes, overlaps } from '../../src/lib/glob-search.ts';
import { pathFault } from '../../src/lib/paths.ts';
import { cpuClock } from '../support/cpu-clock.ts';
import { allPaths, referenceScope, someGlobs } from '../support/globs.ts';
import { runs } from '../support/seed.ts';

describe('containment of scopes', () => {
  it.each([
    [['src/cart/**'], [], ['src/**'], [], undefined],
    [['src/**'], [], ['src/cart/**'], [], 'src/x'],
    [['**'], [], ['*'], [], 'x/x'],
    [['a/**'], [], ['a/*'], [], 'a/x/x'],
    [['a'], [], ['a/**'], [], 'a'],
    [['src/**'], ['src/secret/**'], ['src/**'], ['src/secret/**'], undefined],
    [['src/**'], [], ['src/**'], ['src/secret/**'], 'src/secret/x'],
    [['src/**'], ['src/s*/**'], ['src/**'], ['src/secret/**'], undefined],
    [['**/*.ts'], [], ['**'], ['**/*.test.ts'], '.test.ts'],
    [['*'], [], ['?', '??*'], [], undefined],
    [['größe/*'], [], ['gr??e/*'], [], undefined],
    [[], [], [], [], undefined],
    [['a'], [], [], [], 'a'],
  ] as const)('%j minus %j in %j minus %j: witness %s', (w, x, parentW, parentX, witness) => {
    expect(escapes(w, x, parentW, parentX)).toBe(witness);
  });

  it('is exact against enumeration, and its witness is real and shortest', () => {
    const paths = allPaths('abx/', 5);
    let contained = 0;
    fc.assert(
      fc.property(someGlobs(3), someGlobs(2), someGlobs(3), someGlobs(2), (w, x, parentW, parentX) => {
        const outside = (path: string) =>
          referenceScope(w, x, path) && !referenceScope(parentW, parentX, path);
        const witness = escapes(w, x, parentW, parentX);
        const shortest = paths.find(outside);
        if (witness === undefined) {
          contained++;
          expect(shortest).toBeUndefined();
          return;
        }
        expect(outside(witness)).toBe(true);
        expect(pathFault(witness)).toBeUndefined();
        expect(witness.length).toBeLessThanOrEqual(shortest?.length ?? Number.POSITIVE_INFINITY);
      }),
      runs(4000),
    );
    console.log(`contained: ${contained}`);
    expect(contained).toBeGreaterThan(400);
  });

  it('finds a common path exactly when enumeration does', () => {
    const paths = allPaths('abx/', 5);
    let disjoint = 0;
    fc.assert(
      fc.property(someGlobs(2), someGlobs(2), someGlobs(2), someGlobs(2), (w, x, otherW, otherX) => {
        const common = (path: string) => referenceScope(w, x, path) && referenceScope(otherW, otherX, path);
        const witness = overlaps(w, x, otherW, otherX);
        if (witness !== undefined) expect(common(witness)).toBe(true);
        else expect(paths.find(common)).toBeUndefined();
        disjoint += Number(witness === undefined);
      }),
      runs(4000),
    );
    console.log(`disjoint: ${disjoint}`);
    expect(disjoint).toBeGreaterThan(400);
  });

  it('gives up with lattice.cost on globs made to multiply states, within a second', () => {
    const hard = [`*a${'?'.repeat(40)}`, `*b${'?'.repeat(41)}`, `*c${'?'.repeat(42)}`];
    const spentMs = cpuClock();
    expect(() => escapes(['*'], [], hard, [])).not.toThrow();
    expect(() => escapes(hard, [], ['*a*', '*b*'], [`*d${'?'.repeat(80)}`])).toThrow('lattice.cost');
    expect(spentMs()).toBeLessThan(3000);
  });

  it('refuses what is no glob', () => {
    expect(() => escapes(['{a}'], [], ['**'], [])).toThrow('scope.glob');
  });
});
