import { describe, expect, it } from 'vitest';
import { cacheKey, createMeasureCache } from '../../src/analysis/cache.ts';
import { unitsOf } from '../support/measure.ts';

describe('the cache of measures', () => {
  it('holds at most the given number of units and forgets what was used longest ago', () => {
    const cache = createMeasureCache(6);
    const measure = { units: unitsOf('let a') };
    for (const key of ['a', 'b', 'c']) cache.set(key, measure);
    cache.get('a');
    cache.set('d', measure);
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it('does not hold what alone is over the bound, and counts a replaced entry once', () => {
    const cache = createMeasureCache(2);
    cache.set('big', { units: unitsOf('() => 1; () => 2') });
    expect(cache.get('big')).toBeUndefined();
    for (let turn = 0; turn < 3; turn += 1) cache.set('a', { units: unitsOf('let a') });
    expect(cache.get('a')).toBeDefined();
  });

  it('tells contents and kinds apart by the key', () => {
    const bytes = Buffer.from('a');
    expect(
      new Set([cacheKey('ts', bytes), cacheKey('js', bytes), cacheKey('ts', Buffer.from('b'))]).size,
    ).toBe(3);
  });
});
