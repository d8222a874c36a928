import { gatewayEvent } from '../../gateway/line/gateway-event.ts';
import { type Reason, reason } from '../../lib/decision.ts';
import { settleStranded } from '../../line/stranded.ts';
import { statement } from '../../store/store.ts';
import { type Plan, planSchema } from '../../tasks/plan.ts';
import { storedTasks, writePlan } from '../../tasks/plan-apply.ts';
import { checkPlan } from '../../tasks/plan-check.ts';
import { diffPlan, planHash, type StoredTask } from '../../tasks/plan-diff.ts';
import { advanceReadiness } from '../../tasks/readiness.ts';
import type { Firing, TriggerActionPort } from '../ports.ts';

const mark = statement('triggers.madeTask', 'update tasks set made_by = $3 where project = $1 and id = $2');

interface PlanFacts {
  readonly stored: readonly StoredTask[];
}

/**
 * Adds a task to the applied plan, as applying a plan with one task more would: the plan stays the truth about scopes,
 * gates and phases. The task is marked as the trigger's, so that the next plan from a file does not take it away.
 */
export const addTask: TriggerActionPort<PlanFacts> = {
  needs: 'plan:apply',
  exclusive: true,
  facts: async (tx, { row }) => ({ stored: await storedTasks(tx, row.project) }),
  reasons: (firing, facts) => {
    const next = withTask(firing, facts);
    if ('reasons' in next) return next.reasons;
    return [...checkPlan(next.plan), ...diffPlan(next.plan, facts.stored).reasons];
  },
  make: async (tx, firing, facts) => {
    const next = withTask(firing, facts);
    if ('reasons' in next) throw new Error('added without a plan');
    const { project, id: trigger } = firing.row;
    await writePlan(tx, project, next.plan, diffPlan(next.plan, facts.stored));
    await tx.rows(mark, [project, next.id, trigger]);
    const data = { hash: planHash(next.plan), added: 1, changed: 0, removed: [], trigger };
    const applied = { ...gatewayEvent(project, 'plan.applied', `plan/${project}`), data };
    const readied = await advanceReadiness(tx, project);
    const { events } = await settleStranded(tx, project);
    return { made: `task/${next.id}`, events: [applied, ...readied, ...events] };
  },
};

type WithTask = { readonly id: string; readonly plan: Plan } | { readonly reasons: readonly Reason[] };

function withTask({ row, plan, action }: Firing, { stored }: PlanFacts): WithTask {
  if (plan === undefined || action.task === undefined)
    return { reasons: [reason('plan.missing', row.project)] };
  const taken = new Set(stored.map(({ id }) => id));
  let number = 1;
  while (taken.has(`${row.name}-${number}`)) number++;
  const id = `${row.name}-${number}`;
  const parsed = planSchema.safeParse({ ...plan, tasks: { ...plan.tasks, [id]: action.task } });
  if (parsed.success) return { id, plan: parsed.data };
  return {
    reasons: [reason('plan.invalid', `tasks.${id}`, { found: parsed.error.issues[0]?.message ?? '' })],
  };
}
