import { type Reason, reason } from '../lib/decision.ts';
import { AndonError } from '../lib/errors.ts';
import { escapes } from '../lib/glob-search.ts';
import type { Action, Tier } from './actions.ts';
import type { Budget, Capability } from './capability.ts';
import { budgetKeys } from './profile.ts';
import { wireNameOf } from './wire.ts';

/** Compares one member of two capabilities. */
type Comparison = (child: Capability, parent: Capability) => readonly Reason[];

/**
 * The order of capabilities: every reason why `child` allows something that `parent` does not; none means
 * that `child <= parent`. Members are compared one by one; paths as sets, so that two spellings of one scope
 * are equal, and an escape comes with a witness path. The role is a label and not compared. Reflexive and
 * transitive; two capabilities that are below each other allow the same.
 *
 * Delegation has an order of its own (see `descends`), since an executive delegates actions that it may not
 * exercise.
 */
export function leq(child: Capability, parent: Capability): Reason[] {
  return comparisons.flatMap((compare) => compare(child, parent));
}

/**
 * The greatest capability that `parent` can hand to a grant of `tier`: its own bounds, one generation less,
 * and its `delegable` in the place of its `actions`.
 */
export function delegable(parent: Capability, tier: Tier): Capability {
  return { ...parent, tier, actions: parent.delegable, depth: Math.max(0, parent.depth - 1) };
}

/** Every reason why a grant of `parent` could not have delegated `child`. */
export function descends(child: Capability, parent: Capability): Reason[] {
  const found: Reason[] = [];
  if (parent.depth < 1)
    found.push(reason('lattice.depth', 'depth', { found: parent.depth, limit: 'at least 1' }));
  if (!parent.mints.includes(child.tier)) {
    found.push(reason('lattice.member', 'tier', { found: child.tier, limit: list(parent.mints) }));
  }
  return [...found, ...leq(child, delegable(parent, child.tier))];
}

/** A list in a reason; an empty list becomes the word `none`. */
export const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));

const actionsIn =
  (member: 'actions' | 'delegable', code: 'lattice.ops' | 'lattice.dops'): Comparison =>
  (child, parent) => {
    const missing = child[member].filter((action: Action) => !parent[member].includes(action));
    return missing.map((action) =>
      reason(code, action, { found: wireNameOf(member), limit: list(parent[member]) }),
    );
  };

const subset =
  (member: 'phases' | 'skills' | 'mints', all?: '*'): Comparison =>
  (child, parent) => {
    const allowed: readonly string[] = parent[member];
    if (all !== undefined && allowed.includes(all)) return [];
    const missing = child[member].filter((entry) => !allowed.includes(entry));
    return missing.map((entry) => reason('lattice.member', member, { found: entry, limit: list(allowed) }));
  };

const sameOrAll =
  (member: 'project' | 'plan'): Comparison =>
  (child, parent) =>
    parent[member] === '*' || parent[member] === child[member]
      ? []
      : [reason('lattice.member', member, { found: child[member], limit: parent[member] })];

// A bound member stays bound; a free one may be bound.
const bound =
  (member: 'task' | 'epoch'): Comparison =>
  (child, parent) =>
    parent[member] === undefined || parent[member] === child[member]
      ? []
      : [reason('lattice.member', member, { found: child[member] ?? 'every one', limit: parent[member] })];

const atMost =
  (member: 'complexity' | 'lines' | 'depth'): Comparison =>
  (child, parent) =>
    child[member] <= parent[member]
      ? []
      : [reason('lattice.bound', member, { found: child[member], limit: parent[member] })];

const sameTier: Comparison = (child, parent) =>
  child.tier === parent.tier || parent.tier === 'human'
    ? []
    : [reason('lattice.member', 'tier', { found: child.tier, limit: parent.tier })];

const refs: Comparison = (child, parent) => {
  const outside = child.refs.filter((ref) => !parent.refs.some((prefix) => ref.startsWith(prefix)));
  return outside.map((ref) => reason('lattice.member', 'refs', { found: ref, limit: list(parent.refs) }));
};

const paths =
  (member: 'write' | 'read'): Comparison =>
  (child, parent) => {
    try {
      const witness = escapes(child[member], child.deny, parent[member], parent.deny);
      if (witness === undefined) return [];
      const limit = `${list(parent[member])}${parent.deny.length === 0 ? '' : ` except ${list(parent.deny)}`}`;
      return [reason('lattice.scope', wireNameOf(member), { found: witness, limit })];
    } catch (error) {
      if (error instanceof AndonError) return error.reasons;
      throw error;
    }
  };

const budget: Comparison = (child, parent) => overBudget(child.budget, parent.budget, 'lattice.bound');

/** The budgets of `wanted` that exceed `left`. */
export function overBudget(
  wanted: Budget,
  left: Budget,
  code: 'lattice.bound' | 'budget.exhausted',
): Reason[] {
  const over = budgetKeys.filter((key) => wanted[key] > left[key]);
  return over.map((key) => reason(code, `budget.${key}`, { found: wanted[key], limit: left[key] }));
}

const comparisons: readonly Comparison[] = [
  sameTier,
  sameOrAll('project'),
  sameOrAll('plan'),
  actionsIn('actions', 'lattice.ops'),
  actionsIn('delegable', 'lattice.dops'),
  subset('phases', '*'),
  refs,
  paths('write'),
  paths('read'),
  atMost('complexity'),
  atMost('lines'),
  budget,
  atMost('depth'),
  subset('mints'),
  bound('task'),
  bound('epoch'),
  subset('skills', '*'),
];
