import { escapes } from '../../lib/glob-search.ts';

/**
 * True when the second list of globs matches a path that the first one does not. Lists too costly to compare
 * count as wider: a widening that nobody is told of is the greater harm.
 */
export function isWider(before: readonly string[], after: readonly string[]): boolean {
  try {
    return escapes(after, [], before, []) !== undefined;
  } catch {
    return true;
  }
}
