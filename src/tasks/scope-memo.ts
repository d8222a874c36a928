import { escapes } from '../lib/glob-search.ts';
import type { Capability } from '../tiers/capability.ts';

const entriesMax = 10_000;
const byCap = new WeakMap<Capability, Map<string, string | undefined>>();

/**
 * A path that a task's scope has and a capability's has not, or undefined when the capability covers the task.
 * Remembered per capability and scope hash: both are immutable, and automata are dear.
 */
export function scopeWitness(
  cap: Capability,
  task: { write: readonly string[]; deny: readonly string[]; scopeHash: string },
): string | undefined {
  let known = byCap.get(cap);
  if (known === undefined) {
    known = new Map();
    byCap.set(cap, known);
  }
  if (known.has(task.scopeHash)) return known.get(task.scopeHash);
  if (known.size >= entriesMax) known.clear();
  const witness = escapes(task.write, task.deny, cap.w, cap.x);
  known.set(task.scopeHash, witness);
  return witness;
}
