import { canonicalJson } from '../../store/log/chain.ts';
import type { Plan } from '../plan.ts';
import { actionsOf, type TriggerAction } from '../trigger-actions.ts';
import type { PlanTrigger } from '../triggers.ts';
import { isRaised } from './ceilings.ts';
import { type GuardChange, gained, namesOf, own, same } from './guard-change.ts';

/** The changed triggers of a plan, each with the members that differ. */
export const triggerChanges = (before: Plan, after: Plan): GuardChange[] =>
  namesOf(before.triggers, after.triggers).flatMap((name) => {
    const [was, is] = [own(before.triggers, name), own(after.triggers, name)];
    if (same(was, is)) return [];
    const place = `triggers.${name}`;
    const [from, to] = [differing(was, is), differing(is, was)];
    return [{ where: place, member: place, before: from, after: to, weakens: gainsRights(was, is) }];
  });

/** The members of one trigger that another one has not, or has otherwise. */
const differing = (one: PlanTrigger | undefined, other: PlanTrigger | undefined): object | undefined =>
  one === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(one).filter(([name, value]) => !same(value, own<unknown>({ ...other }, name))),
      );

/**
 * True when the trigger starts or reaches something that it did not before, for longer or more often; and when
 * it no more pulls the cord, or audits, as it did.
 */
function gainsRights(before: PlanTrigger | undefined, after: PlanTrigger | undefined): boolean {
  const [was, is] = [acting(before), acting(after)];
  const [rights, losses] = [
    gained(was.map(rightOf), is.map(rightOf)),
    gained(is.map(guardOf), was.map(guardOf)),
  ];
  if ([...rights, ...losses].some((one) => one !== undefined)) return true;
  return is.some((action) => rightOf(action) !== undefined) && isLarger(before, after, was, is);
}

/** A trigger that is paused acts on nothing. */
const acting = (trigger: PlanTrigger | undefined): readonly TriggerAction[] =>
  trigger === undefined || trigger.paused ? [] : actionsOf(trigger);

/** The target that an action starts or reaches, or undefined for one that stays inside the gateway. */
function rightOf(action: TriggerAction): string | undefined {
  if (action.kind === 'webhook' || action.kind === 'command') return canonicalJson(action);
  if (action.kind !== 'spawn') return undefined;
  const { profile, role, for: task } = action;
  return canonicalJson({ profile, role, task });
}

/** The guard that an action keeps, or undefined for one that guards nothing. */
const guardOf = (action: TriggerAction): string | undefined =>
  action.kind === 'cord' || action.kind === 'audit' ? canonicalJson(action) : undefined;

function isLarger(
  before: PlanTrigger | undefined,
  after: PlanTrigger | undefined,
  was: readonly TriggerAction[],
  is: readonly TriggerAction[],
): boolean {
  if (isRaised(before?.perHour, after?.perHour)) return true;
  return is.some((action) => {
    const earlier = was.find((one) => rightOf(one) === rightOf(action));
    if (action.kind !== 'spawn' || earlier?.kind !== 'spawn') return false;
    if (action.autoTerminate === false && earlier.autoTerminate !== false) return true;
    return lastsLonger(earlier.maxDuration, action.maxDuration);
  });
}

/** True unless a run lasts no longer than before; a trigger without a duration of its own has the profile's. */
const lastsLonger = (before: string | undefined, after: string | undefined): boolean =>
  before !== after && (before === undefined || isRaised(before, after));
