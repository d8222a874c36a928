import { allowUnless, type Decision, denied, type Reason, reason } from '../lib/decision.ts';
import { type Action, actions, type Tier } from './actions.ts';
import type { Budget, Capability } from './capability.ts';
import { type CapabilityRequest, capabilitySchema } from './capability-schema.ts';
import { descends, list, overBudget } from './lattice.ts';
import { meetBudget } from './meet.ts';
import type { Ceilings, TierProfile } from './profile.ts';
import { profiles } from './profiles.ts';
import { type Role, roleNames, roleOf } from './roles.ts';
import { capabilityToWire } from './wire.ts';

/** Facts beside the parent that the caller of `attenuate` knows. */
export interface AttenuateFacts {
  /** The remaining budget in the parent's row. */
  readonly left: Budget;
  /** Ceilings that a person applied for the tier of the child; the tier's own ceilings when absent. */
  readonly ceilings?: Ceilings;
}

/**
 * Narrows `parent` to the capability of a child, ready to be signed, or answers with every reason against it.
 * Members that the request leaves out get the usual value of role and tier, as far as the parent can delegate
 * it; denied paths of the parent are always kept. Members that the request names are taken as they are and
 * never cut down silently.
 */
export function attenuate(
  parent: Capability,
  request: CapabilityRequest,
  facts: AttenuateFacts,
): Decision<Capability> {
  const role = roleOf(request.role);
  if (role === undefined) {
    return denied(reason('lattice.member', 'role', { found: request.role, limit: list(roleNames) }));
  }
  const cap = fill(parent, role, request, facts);
  const [fault, ...faults] = shapeReasons(cap);
  if (fault !== undefined) return denied(fault, ...faults);
  const reasons = [
    ...tierReasons(cap, facts.ceilings),
    ...descends(cap, parent),
    ...overBudget(spent(cap.budget), facts.left, 'budget.exhausted'),
  ];
  return allowUnless(reasons, cap);
}

// Each member of a request may be right and their sum wrong: an epoch without a task, or more denied globs,
// together with those of the parent, than a capability holds.
function shapeReasons(cap: Capability): Reason[] {
  const issues = capabilitySchema.safeParse(capabilityToWire(cap)).error?.issues ?? [];
  return issues.map((issue) =>
    reason('request.invalid', issue.path.join('.') || 'epoch', { found: issue.message }),
  );
}

/** The share that a child takes from its parent's row: its budgets, and itself as one more child. */
export const spent = (budget: Budget): Budget => ({ ...budget, children: budget.children + 1 });

function fill(parent: Capability, role: Role, request: CapabilityRequest, facts: AttenuateFacts): Capability {
  const tier = request.tier ?? role.tier;
  const base = usual(parent, role, tier, facts);
  const { budget, deny, ...named } = request;
  return {
    ...base,
    ...(present(named) as Partial<Capability>),
    deny: [...new Set([...parent.deny, ...(deny ?? [])])],
    budget: { ...base.budget, ...(present(budget ?? {}) as Partial<Budget>) },
  };
}

const present = (members: object): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** The capability of a child of this role when the request is silent. */
function usual(parent: Capability, role: Role, tier: Tier, facts: AttenuateFacts): Capability {
  const profile = delegationOf(role, tier);
  const ceilings = facts.ceilings ?? profile.ceilings;
  // A grant that delegates further gets the paths and skills of its parent to hand on; any other must ask for
  // them.
  const handsOn = profile.delegable.length > 0;
  const left = { ...facts.left, children: Math.max(0, facts.left.children - 1) };
  return {
    ...parent,
    role: '',
    tier,
    actions: (role.usual ?? role.actions).filter((action) => parent.delegable.includes(action)),
    delegable: profile.delegable.filter((action) => parent.delegable.includes(action)),
    write: handsOn ? parent.write : [],
    complexity: Math.min(parent.complexity, ceilings.complexity),
    lines: Math.min(parent.lines, ceilings.lines),
    // Only people delegate to their own tier; a child that took the whole remaining budget would leave its
    // parent unable to act.
    budget: meetBudget(profile.budget, tier === parent.tier ? halved(left) : left),
    depth: Math.max(0, Math.min(profile.depth, parent.depth - 1)),
    mints: profile.mints.filter((one) => parent.mints.includes(one)),
    skills: handsOn ? parent.skills : [],
  };
}

/** The profile of the tier, without delegation where the role has none. */
function delegationOf(role: Role | undefined, tier: Tier): TierProfile {
  const profile = profiles[tier];
  return role?.delegates === false ? { ...profile, delegable: [], mints: [], depth: 0 } : profile;
}

const halved = (budget: Budget): Budget =>
  Object.fromEntries(
    Object.entries(budget).map(([key, value]) => [key, Math.floor(value / 2)]),
  ) as never as Budget;

/**
 * Every reason why no grant of its tier and role may hold this capability, regardless of the delegating
 * grant: actions outside the column of the actions table or of the role, delegation that the tier does not
 * have, `*` as project, ceilings.
 */
export function tierReasons(cap: Capability, ceilings?: Ceilings): Reason[] {
  const role = roleOf(cap.role);
  const profile = delegationOf(role, cap.tier);
  const found: Reason[] = [];
  if (role?.tier !== cap.tier)
    found.push(reason('lattice.member', 'role', { found: cap.role, limit: cap.tier }));
  if (cap.project === '*' && !profile.everyProject) {
    found.push(
      reason('lattice.member', 'project', { found: '*', limit: 'one project', next: 'name the project' }),
    );
  }
  return [
    ...found,
    ...roleReasons(cap, role?.actions ?? profile.actions),
    ...outside('lattice.dops', 'dops', cap.delegable, profile.delegable),
    ...outside('lattice.member', 'mints', cap.mints, profile.mints),
    ...ceilingReasons(cap, ceilings ?? profile.ceilings, profile.depth),
  ];
}

function roleReasons(cap: Capability, allowed: readonly Action[]): Reason[] {
  const extra = cap.actions.filter((action) => !allowed.includes(action));
  return extra.map((action) =>
    reason('grant.tier', action, { found: `${cap.tier} ${cap.role}`, limit: list(actions[action].tiers) }),
  );
}

function outside(
  code: 'lattice.dops' | 'lattice.member',
  member: string,
  entries: readonly string[],
  allowed: readonly string[],
): Reason[] {
  const extra = entries.filter((entry) => !allowed.includes(entry));
  return extra.map((entry) => reason(code, member, { found: entry, limit: list(allowed) }));
}

function ceilingReasons(cap: Capability, ceilings: Ceilings, depth: number): Reason[] {
  const bounds = [
    ['complexity', cap.complexity, ceilings.complexity],
    ['lines', cap.lines, ceilings.lines],
    ['depth', cap.depth, depth],
  ] as const;
  const over = bounds.filter(([, value, limit]) => value > limit);
  return over.map(([member, value, limit]) => reason('lattice.bound', member, { found: value, limit }));
}
