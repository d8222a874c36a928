import { escapes } from '../lib/glob-search.ts';
import type { Capability } from '../tiers/capability.ts';

/** A task's write scope under the hash that names it. */
export interface TaskScope {
  readonly scopeHash: string;
  readonly write: readonly string[];
  readonly deny: readonly string[];
}

/** A path that escapes, or undefined, by the hash of the scope. */
type Memo = Map<string, string | undefined>;

const scopesMax = 100_000;
const memosMax = 1000;
const byCap = new WeakMap<Capability, Memo>();
const byContent = new Map<string, Memo>();

/** Everything of a capability that a scope is compared with. Agents of one profile share what was compared. */
const contentOf = ({ write, deny }: Capability): string => JSON.stringify([write, deny]);

function memoOf(cap: Capability): Memo {
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

/** Room for one more; what came first goes first. */
function makeRoom<Key>(map: Map<Key, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size >= max && oldest !== undefined) map.delete(oldest);
}

/** True when this scope was compared with this capability before. Both are immutable, and automata are dear. */
export const knowsScope = (cap: Capability, scopeHash: string): boolean => memoOf(cap).has(scopeHash);

/** Compares a scope with a capability and remembers the answer. */
export function learnScope(cap: Capability, { scopeHash, write, deny }: TaskScope): void {
  const scopes = memoOf(cap);
  makeRoom(scopes, scopesMax);
  scopes.set(scopeHash, escapes(write, deny, cap.write, cap.deny));
}

/** A path that a known scope has and the capability has not, or undefined when the capability covers it. */
export const scopeWitness = (cap: Capability, scopeHash: string): string | undefined =>
  memoOf(cap).get(scopeHash);
