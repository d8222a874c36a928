import { overlaps } from '../lib/glob-search.ts';

/** A task's write scope. */
export interface Scoped {
  readonly id: string;
  readonly write: readonly string[];
  readonly deny: readonly string[];
}

/**
 * Every pair of tasks (both ways round) whose write scopes have a path in common. Scopes whose literal beginnings part
 * are skipped without building automata, so plans of thousands of tasks stay fast.
 */
export function conflicts(tasks: readonly Scoped[]): [string, string][] {
  const pairs: [string, string][] = [];
  const begins = tasks.map(({ write }) => write.map(literalBeginning));
  for (const [i, one] of tasks.entries()) {
    for (let j = i + 1; j < tasks.length; j++) {
      const other = tasks[j];
      if (other === undefined || !mayMeet(begins[i] ?? [], begins[j] ?? [])) continue;
      if (overlaps(one.write, one.deny, other.write, other.deny) === undefined) continue;
      pairs.push([one.id, other.id], [other.id, one.id]);
    }
  }
  return pairs;
}

/** What every path of a glob begins with: the text before its first wildcard. */
const literalBeginning = (glob: string): string => glob.split(/[*?]/, 1)[0] ?? '';

const mayMeet = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((one) => b.some((other) => one.startsWith(other) || other.startsWith(one)));
