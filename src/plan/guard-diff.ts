import type { GuardLine } from '../store/log/event-data/shared.ts';
import { isRaised, limitChanges } from './guards/ceilings.ts';
import { checkChanges } from './guards/checks.ts';
import { gateChanges } from './guards/gates.ts';
import { type GuardChange, guardLine } from './guards/guard-change.ts';
import { profileChanges } from './guards/profiles.ts';
import { doneChanges, protectChanges, taskChanges } from './guards/tasks.ts';
import { triggerChanges } from './guards/triggers.ts';
import { humanOnly } from './human-only.ts';
import { landingSettings } from './landing-settings.ts';
import type { Plan } from './plan.ts';

/**
 * The guards that differ between two plans: gates, ceilings, profiles, triggers, protection, and the state that
 * counts as done. Weakened guards stand first, then changes that only a person may apply. A first plan changes none.
 */
export function guardDiff(before: Plan | undefined, after: Plan): GuardLine[] {
  const forPeople = new Set(humanOnly(before, after));
  const changes = before === undefined ? [first(after)] : changesOf(before, after);
  const lines = changes.map((change) => guardLine(change, forPeople.has(change.member)));
  return lines.sort((one, other) => rank(one) - rank(other));
}

const rank = ({ weakens, personOnly }: GuardLine): number => (weakens ? 0 : 2) + (personOnly ? 0 : 1);

const first = ({ tasks }: Plan): GuardChange => ({
  where: 'plan',
  member: 'first',
  before: undefined,
  after: `the first plan, of ${Object.keys(tasks).length} tasks`,
  weakens: false,
});

const changesOf = (before: Plan, after: Plan): GuardChange[] => [
  ...gateChanges(before, after),
  ...limitChanges(before, after),
  ...checkChanges(before, after),
  ...leaseChanges(before, after),
  ...landingChanges(before, after),
  ...doneChanges(before, after),
  ...protectChanges(before, after),
  ...taskChanges(before, after),
  ...profileChanges(before, after),
  ...triggerChanges(before, after),
];

const leaseChanges = ({ lease: was }: Plan, { lease: is }: Plan): GuardChange[] =>
  was === is ? [] : [{ where: 'lease', member: 'lease', before: was, after: is, weakens: isRaised(was, is) }];

/** Changes of how many trees a run vouches for without having seen them, and how often a failure is tried again. */
const landingChanges = (before: Plan, after: Plan): GuardChange[] => {
  const [was, is] = [landingSettings(before), landingSettings(after)];
  return (['batch', 'retry'] as const).flatMap((name) => {
    if (was[name] === is[name]) return [];
    const ends = { before: was[name], after: is[name], weakens: isRaised(was[name], is[name]) };
    return [{ where: `landing.${name}`, member: 'landing', ...ends }];
  });
};
