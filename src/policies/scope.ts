import { type Reason, reason } from '../lib/decision.ts';
import { compileGlobs } from '../lib/glob-match.ts';
import type { Capability } from '../tiers/capability.ts';
import { scopeText, writableBy } from '../tiers/scopes.ts';

/** Paths that a change touches, and the two scopes that bound it. */
export interface ScopeFacts {
  readonly cap: Capability;
  /** Every path that is added, altered or deleted, each once. */
  readonly paths: readonly string[];
  /** The write globs that the plan gives the task; without them only the grant bounds. */
  readonly taskWrite?: readonly string[];
}

/** Reasons for one code at most; what is left is counted in one more. */
export const reasonsPerCodeMax = 50;

/**
 * A change touches only paths inside the write scope of the grant and of the task in the plan (`scope.write`).
 * One reason per path, the first fifty; the rest are counted.
 */
export function scopePolicy(facts: ScopeFacts): Reason[] {
  const { cap, taskWrite } = facts;
  const writable = writableBy(cap);
  const planned = taskWrite === undefined ? () => true : compileGlobs(taskWrite);
  const outside = facts.paths.filter((path) => !writable(path) || !planned(path));
  const found = outside.slice(0, reasonsPerCodeMax).map((path) => {
    const limit = writable(path) ? scopeText(taskWrite ?? [], []) : scopeText(cap.w, cap.x);
    return reason('scope.write', path, {
      found: writable(path) ? 'outside the task' : 'outside the grant',
      limit,
    });
  });
  const left = outside.length - found.length;
  return left > 0 ? [...found, reason('scope.write', `${left} more paths`)] : found;
}
