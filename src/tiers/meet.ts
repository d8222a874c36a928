import { defined } from '../lib/defined.ts';
import { meetGlobs } from '../lib/glob-meet.ts';
import type { Tier } from './actions.ts';
import type { Budget, Capability } from './capability.ts';
import { budgetKeys } from './profile.ts';
import { roleOf, usualRole } from './roles.ts';

/**
 * The greatest capability below both, or undefined when there is none: two projects, two tiers below human,
 * two tasks. Throws `lattice.cost` when the common paths cannot be written with `limits.globsMax` globs.
 */
export function meet(a: Capability, b: Capability): Capability | undefined {
  const tier = meetTier(a.tier, b.tier);
  const project = meetName(a.project, b.project);
  const plan = meetName(a.plan, b.plan);
  const binding = meetBinding(a, b);
  if (tier === undefined || project === undefined || plan === undefined || binding === undefined) {
    return undefined;
  }
  return {
    v: 1,
    role: [a, b].find((cap) => roleOf(cap.role)?.tier === tier)?.role ?? usualRole[tier],
    tier,
    project,
    plan,
    actions: common(a.actions, b.actions),
    delegable: common(a.delegable, b.delegable),
    phases: meetNames(a.phases, b.phases),
    refs: meetPrefixes(a.refs, b.refs),
    write: meetGlobs(a.write, b.write),
    read: meetGlobs(a.read, b.read),
    deny: [...new Set([...a.deny, ...b.deny])],
    complexity: Math.min(a.complexity, b.complexity),
    lines: Math.min(a.lines, b.lines),
    budget: meetBudget(a.budget, b.budget),
    depth: Math.min(a.depth, b.depth),
    mints: common(a.mints, b.mints),
    ...binding,
    skills: meetNames(a.skills, b.skills),
  };
}

const common = <T>(a: readonly T[], b: readonly T[]): T[] => a.filter((entry) => b.includes(entry));

function meetTier(a: Tier, b: Tier): Tier | undefined {
  if (a === b || b === 'human') return a;
  return a === 'human' ? b : undefined;
}

function meetName(a: string, b: string): string | undefined {
  if (a === b || b === '*') return a;
  return a === '*' ? b : undefined;
}

function meetNames(a: readonly string[], b: readonly string[]): readonly string[] {
  if (b.includes('*')) return a;
  return a.includes('*') ? b : common(a, b);
}

function meetPrefixes(a: readonly string[], b: readonly string[]): string[] {
  const inner = (some: readonly string[], others: readonly string[]) =>
    some.filter((one) => others.some((other) => one.startsWith(other)));
  return [...new Set([...inner(a, b), ...inner(b, a)])];
}

/** The smaller of each budget. */
export function meetBudget(a: Budget, b: Budget): Budget {
  const smaller = { ...a };
  for (const key of budgetKeys) smaller[key] = Math.min(a[key], b[key]);
  return smaller;
}

type Binding = Pick<Capability, 'task' | 'epoch'>;

function meetBinding(a: Capability, b: Capability): Binding | undefined {
  const clash = (member: 'task' | 'epoch') =>
    a[member] !== undefined && b[member] !== undefined && a[member] !== b[member];
  if (clash('task') || clash('epoch')) return undefined;
  const task = a.task ?? b.task;
  const epoch = a.epoch ?? b.epoch;
  return defined({ task, epoch });
}
