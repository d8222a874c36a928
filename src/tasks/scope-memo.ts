import { escapes } from '../lib/glob-search.ts';
import type { Capability } from '../tiers/capability.ts';

/** A task's write scope under the hash that names it. */
export interface TaskScope {
  readonly scopeHash: string;
  readonly write: readonly string[];
  readonly deny: readonly string[];
}

const scopesMax = 100_000;
const byCap = new WeakMap<Capability, Map<string, string | undefined>>();

const knownOf = (cap: Capability): Map<string, string | undefined> => {
  const known = byCap.get(cap) ?? new Map<string, string | undefined>();
  byCap.set(cap, known);
  return known;
};

/** True when this scope was compared with this capability before. Both are immutable, and automata are dear. */
export const knowsScope = (cap: Capability, scopeHash: string): boolean => knownOf(cap).has(scopeHash);

/** Compares a scope with a capability and remembers the answer. */
export function learnScope(cap: Capability, { scopeHash, write, deny }: TaskScope): void {
  const known = knownOf(cap);
  if (known.size >= scopesMax) known.clear();
  known.set(scopeHash, escapes(write, deny, cap.w, cap.x));
}

/** A path that the scope has and the capability has not, or undefined when the capability covers it. */
export function scopeWitness(cap: Capability, scopeHash: string): string | undefined {
  const known = knownOf(cap);
  if (!known.has(scopeHash)) throw new Error('a scope was judged before it was read');
  return known.get(scopeHash);
}
