import { type Reason, reason } from '../lib/decision.ts';
import type { Tier } from '../tiers/actions.ts';
import { profiles } from '../tiers/profiles.ts';
import { reasonsPerCodeMax } from './scope.ts';

/** Paths that a change removes; a rename removes its old path. */
export interface DeletionFacts {
  readonly tier: Tier;
  readonly deleted: readonly string[];
  /** Paths that the same task added: taking those back is allowed. */
  readonly addedByTask: ReadonlySet<string>;
}

/** Only people delete files that were there before the task (`scope.delete`). One reason per path, fifty at most. */
export function deletionPolicy(facts: DeletionFacts): Reason[] {
  if (profiles[facts.tier].deletes) return [];
  const kept = facts.deleted.filter((path) => !facts.addedByTask.has(path));
  const found = kept
    .slice(0, reasonsPerCodeMax)
    .map((path) => reason('scope.delete', path, { found: facts.tier }));
  const left = kept.length - found.length;
  return left > 0 ? [...found, reason('scope.delete', `${left} more paths`)] : found;
}
