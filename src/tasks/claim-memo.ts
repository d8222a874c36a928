import { escapes } from '../lib/glob-search.ts';
import type { Capability } from '../tiers/capability.ts';

/** A task's write scope under the hash that names it. */
export interface TaskScope {
  readonly scopeHash: string;
  readonly write: readonly string[];
  readonly deny: readonly string[];
}

/** Classes of tasks that a capability was allowed or refused: what a claim foresees. */
export interface Classes {
  readonly allowed: readonly string[];
  readonly refused: readonly string[];
}

interface Memo {
  readonly scopes: Map<string, string | undefined>;
  readonly classes: Map<string, boolean>;
}

const scopesMax = 100_000;
/** A call carries these along; beyond it the oldest are judged anew. */
const classesMax = 256;
const memosMax = 1000;
const byCap = new WeakMap<Capability, Memo>();
const byContent = new Map<string, Memo>();

/** Everything of a capability that is judged here. Agents of one profile share what was decided. */
const contentOf = ({ w, x, phases, skills }: Capability): string => JSON.stringify([w, x, phases, skills]);

function memoOf(cap: Capability): Memo {
  const known = byCap.get(cap) ?? sharedMemo(contentOf(cap));
  byCap.set(cap, known);
  return known;
}

function sharedMemo(content: string): Memo {
  const known = byContent.get(content) ?? { scopes: new Map(), classes: new Map() };
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
export const knowsScope = (cap: Capability, scopeHash: string): boolean => memoOf(cap).scopes.has(scopeHash);

/** Compares a scope with a capability and remembers the answer. */
export function learnScope(cap: Capability, { scopeHash, write, deny }: TaskScope): void {
  const { scopes } = memoOf(cap);
  makeRoom(scopes, scopesMax);
  scopes.set(scopeHash, escapes(write, deny, cap.w, cap.x));
}

/** A path that the scope has and the capability has not, or undefined when the capability covers it. */
export function scopeWitness(cap: Capability, scopeHash: string): string | undefined {
  const { scopes } = memoOf(cap);
  if (!scopes.has(scopeHash)) throw new Error('a scope was judged before it was read');
  return scopes.get(scopeHash);
}

/**
 * Remembers what was decided on a class: tasks that are equal in phase, skills and scope, which is all that the decision
 * reads besides work in progress.
 */
export function learnClass(cap: Capability, claimClass: string, allowed: boolean): void {
  const { classes } = memoOf(cap);
  if (classes.has(claimClass)) return;
  makeRoom(classes, classesMax);
  classes.set(claimClass, allowed);
}

/** What was decided on classes so far. */
export function knownClasses(cap: Capability): Classes {
  const all = [...memoOf(cap).classes];
  const those = (wanted: boolean): string[] =>
    all.filter(([, allowed]) => allowed === wanted).map(([name]) => name);
  return { allowed: those(true), refused: those(false) };
}
