import { type Reason, reason } from '../../lib/decision.ts';
import { guardDiff } from '../../plan/guard-diff.ts';
import type { Plan } from '../../plan/plan.ts';
import { armedTriggers } from '../../plan/pools.ts';
import type { GuardLine } from '../../store/log/event-data/shared.ts';
import { diffPlan, type PlanDiff, type StoredTask, withMadeTasks } from '../../tasks/plan-diff.ts';
import { diffTriggers, type TriggerDiff, type TriggerRow } from '../../triggers/rows.ts';

/** The state that a plan is compared with. */
export interface Applied {
  readonly stored: readonly StoredTask[];
  readonly before: Plan | undefined;
  readonly rows: readonly TriggerRow[];
}

/** The result of applying a plan. */
export interface Compared {
  /** Tasks that triggers added to the plan before are included. */
  readonly plan: Plan;
  readonly guards: readonly GuardLine[];
  readonly diff: PlanDiff;
  readonly triggers: TriggerDiff;
}

/** Compares a plan with the applied one, as applying it would. */
export function compared(given: Plan, { stored, before, rows }: Applied): Compared {
  const plan = withMadeTasks(given, before, stored);
  return {
    plan,
    guards: guardDiff(before, plan),
    diff: diffPlan(plan, stored, before),
    triggers: diffTriggers(armedTriggers(plan), rows),
  };
}

/** A difference in the form of an answer: guards first. */
export const shown = ({ guards, diff, triggers }: Omit<Compared, 'plan'>) => ({
  guards,
  ...shownTasks(diff),
  triggers: { put: triggers.put.map(([name]) => name), removed: triggers.removed },
  reasons: [...diff.reasons, ...takenNames(triggers)],
});

/** The tasks and phases of a difference. */
export const shownTasks = (diff: PlanDiff) => ({
  added: diff.added.map(({ id }) => id),
  changed: diff.changed.map(({ after, members }) => ({ task: after.id, members })),
  removed: diff.removed,
  phases: diff.phases,
  hasOtherPhases: diff.hasOtherPhases,
});

/** Reasons against triggers of a plan whose names belong to triggers of calls. */
export const takenNames = ({ taken }: TriggerDiff): Reason[] =>
  taken.map((name) => reason('trigger.exists', `trigger/${name}`, { found: 'created by a call' }));
