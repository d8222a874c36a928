import { escapes } from '../lib/glob-search.ts';
import type { Capability } from '../tiers/capability.ts';

/** A task's write scope under the hash that names the scope. */
export interface TaskScope {
  readonly scopeHash: string;
  readonly write: readonly string[];
  readonly deny: readonly string[];
}

/** The part of a capability that scopes are compared with. */
type ScopeBounds = Pick<Capability, 'write' | 'deny'>;

/** For each scope, by its hash, a path that the capability leaves out, or undefined. */
type Memo = Map<string, string | undefined>;

const scopesMax = 100_000;
const memosMax = 1000;
const byCap = new WeakMap<ScopeBounds, Memo>();
const byContent = new Map<string, Memo>();

/** The bounds as a key: agents of one profile share the results. */
const contentOf = ({ write, deny }: ScopeBounds): string => JSON.stringify([write, deny]);

function memoOf(cap: ScopeBounds): Memo {
  const known = byCap.get(cap) ?? sharedMemo(contentOf(cap));
  byCap.set(cap, known);
  return known;
}

function sharedMemo(content: string): Memo {
  const known = byContent.get(content) ?? new Map<string, string | undefined>();
  if (!byContent.has(content)) makeRoom(byContent, memosMax);
  byContent.set(content, known);
  return known;
}

/** Makes room for one more entry by dropping the oldest. */
function makeRoom<Key>(map: Map<Key, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size >= max && oldest !== undefined) map.delete(oldest);
}

/**
 * True when this scope was compared with this capability before: scope and capability are immutable, and
 * automata are expensive.
 */
export const knowsScope = (cap: ScopeBounds, scopeHash: string): boolean => memoOf(cap).has(scopeHash);

/** Compares a scope with a capability and remembers the answer. */
export function learnScope(cap: ScopeBounds, { scopeHash, write, deny }: TaskScope): void {
  const scopes = memoOf(cap);
  makeRoom(scopes, scopesMax);
  scopes.set(scopeHash, escapes(write, deny, cap.write, cap.deny));
}

/** A path of a known scope that the capability leaves out, or undefined when the capability covers the scope. */
export const scopeWitness = (cap: ScopeBounds, scopeHash: string): string | undefined =>
  memoOf(cap).get(scopeHash);
