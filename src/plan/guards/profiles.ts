import { roleOf, usualRole } from '../../tiers/roles.ts';
import type { Plan, PlanAgent } from '../plan.ts';
import { isRaised, leavesOf } from './ceilings.ts';
import { type GuardChange, gained, namesOf, own, same, type Weakens } from './guard-change.ts';
import { isWider } from './scopes.ts';

/** The changed agent profiles and models of a plan. */
export const profileChanges = (before: Plan, after: Plan): GuardChange[] => [
  ...namesOf(before.agents, after.agents).flatMap((name) =>
    ofProfile(`agents.${name}`, own(before.agents, name), own(after.agents, name)),
  ),
  ...namesOf(before.models, after.models).flatMap((tier) => {
    const [was, is] = [own<unknown>({ ...before.models }, tier), own<unknown>({ ...after.models }, tier)];
    if (same(was, is)) return [];
    return [{ where: `models.${tier}`, member: 'models', before: was, after: is, weakens: false }];
  }),
];

const everywhere = ['**'];
const gains: Weakens = (before, after) => gained(before, after).length > 0;

/** Members of a profile that bound it, with the changes that widen them; other members say what an agent is, and bound nothing. */
const rules: { readonly [Member in keyof PlanAgent]?: Weakens } = {
  tier: () => true,
  write: (before, after) =>
    isWider((before ?? everywhere) as readonly string[], (after ?? everywhere) as readonly string[]),
  skills: gains,
  pass: gains,
  network: (before, after) => before !== 'open' && (after === 'open' || gains(before, after)),
  budget: (before, after) => {
    const [was, is] = [leavesOf(before), leavesOf(after)];
    return Object.keys(was).some((path) => isRaised(was[path], is[path]));
  },
  maxDuration: isRaised,
  idle: isRaised,
  flatTurns: (before, after) => before !== 0 && (after === 0 || isRaised(before, after)),
  retries: isRaised,
  pool: (before, after) => isRaised(before ?? 0, after ?? 0),
  autoTerminate: (_before, after) => after === false,
};

function ofProfile(
  where: string,
  before: PlanAgent | undefined,
  after: PlanAgent | undefined,
): GuardChange[] {
  if (before === undefined || after === undefined)
    return [{ where, member: 'agents', before, after, weakens: false }];
  return namesOf(before, after).flatMap((name) => {
    const member = name as keyof PlanAgent;
    const [was, is] = [before[member], after[member]];
    if (same(was, is)) return [];
    const weakens = member === 'role' ? mayMore(before, after) : (rules[member]?.(was, is) ?? false);
    return [{ where: `${where}.${member}`, member: 'agents', before: was, after: is, weakens }];
  });
}

/** True when the role of the second profile has an action that the role of the first one lacks. */
const mayMore = (before: PlanAgent, after: PlanAgent): boolean => gains(actionsOf(before), actionsOf(after));

const actionsOf = ({ role, tier }: PlanAgent): readonly string[] =>
  roleOf(role ?? usualRole[tier])?.actions ?? [];
