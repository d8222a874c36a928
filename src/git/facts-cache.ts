import type { CommitFacts } from '../policies/facts.ts';
import type { NewCommit } from './frame.ts';

export interface FactsCache {
  get(commit: NewCommit): CommitFacts | undefined;
  set(commit: NewCommit, facts: CommitFacts): void;
}

/** Keeps the facts used last, up to a number of changed paths in all. One cache serves one repository. */
export function createFactsCache(pathsMax = 100_000): FactsCache {
  const known = new Map<string, CommitFacts>();
  let held = 0;
  const weight = (facts: CommitFacts): number => facts.changes.length + 1;
  // The accepted ancestors belong to the key: on other accepted work the same commit has other facts.
  const keyOf = ({ oid, accepted }: NewCommit): string => [oid, ...accepted].join();
  return {
    get(commit) {
      const key = keyOf(commit);
      const facts = known.get(key);
      if (facts === undefined) return undefined;
      known.delete(key);
      known.set(key, facts);
      return facts;
    },
    set(commit, facts) {
      const key = keyOf(commit);
      if (known.has(key)) return;
      known.set(key, facts);
      held += weight(facts);
      for (const [oldest, dropped] of known) {
        if (held <= pathsMax) break;
        known.delete(oldest);
        held -= weight(dropped);
      }
    },
  };
}
