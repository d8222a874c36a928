import { describe, expect, it } from 'vitest';
import { createFactsCache } from '../../src/git/facts-cache.ts';
import type { TreeEntry } from '../../src/git/objects/tree.ts';
import { createTreeCache } from '../../src/git/objects/tree-cache.ts';
import type { CommitFacts } from '../../src/policies/facts.ts';

const oidOf = (digit: number): string => String(digit).repeat(40);
const entriesOf = (count: number): TreeEntry[] => Array.from({ length: count }, () => ({}) as TreeEntry);
const factsOf = (count: number): CommitFacts =>
  ({ changes: Array(count).fill({}) }) as unknown as CommitFacts;

describe('the cache of trees', () => {
  it('holds at most the given number of entries, a tree counting one more than it has, and forgets what was used longest ago', () => {
    const cache = createTreeCache(12);
    for (const digit of [1, 2, 3]) cache.set(oidOf(digit), entriesOf(3));
    cache.get(oidOf(1));
    cache.set(oidOf(4), entriesOf(3));
    expect([1, 2, 3, 4].map((digit) => cache.get(oidOf(digit))?.length)).toEqual([3, undefined, 3, 3]);
  });

  it('does not hold a tree that alone is over the bound, and drops no other for it', () => {
    const cache = createTreeCache(10);
    cache.set(oidOf(1), entriesOf(2));
    cache.set(oidOf(2), entriesOf(11));
    expect([cache.get(oidOf(1))?.length, cache.get(oidOf(2))]).toEqual([2, undefined]);
  });
});

describe('the cache of facts', () => {
  it('holds at most the given number of changed paths, and forgets what was used longest ago', () => {
    const cache = createFactsCache(12);
    const commit = (digit: number) => ({ oid: oidOf(digit), accepted: [oidOf(0)] }) as never;
    for (const digit of [1, 2, 3]) cache.set(commit(digit), factsOf(3));
    cache.get(commit(1));
    cache.set(commit(4), factsOf(3));
    expect([1, 2, 3, 4].map((digit) => cache.get(commit(digit))?.changes.length)).toEqual([
      3,
      undefined,
      3,
      3,
    ]);
    expect(cache.get({ oid: oidOf(1), accepted: [] } as never)).toBeUndefined();
  });
});
