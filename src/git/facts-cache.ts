import { LRUCache } from 'lru-cache';
import type { CommitFacts } from '../policies/facts.ts';
import type { NewCommit } from './new-commits.ts';

/** Cache of the facts of commits. */
export interface FactsCache {
  get(commit: NewCommit): CommitFacts | undefined;
  set(commit: NewCommit, facts: CommitFacts): void;
}

/** Keeps the facts used last, up to a number of changed paths over all. One cache serves one repository. */
export function createFactsCache(pathsMax = 100_000): FactsCache {
  const known = new LRUCache<string, CommitFacts>({
    maxSize: pathsMax,
    sizeCalculation: ({ changes }) => changes.length + 1,
  });
  // The accepted ancestors belong to the key: on other accepted work the same commit has other facts.
  const keyOf = ({ oid, accepted }: NewCommit): string => [oid, ...accepted].join();
  return {
    get: (commit) => known.get(keyOf(commit)),
    set: (commit, facts) => void known.set(keyOf(commit), facts),
  };
}
