import { allowed, allowUnless, type Decision, denied, isDenied, reason } from '../../../lib/decision.ts';
import { checkPlan } from '../../../plan/check.ts';
import { type Plan, type PlanTask, planSchema } from '../../../plan/plan.ts';
import { settleStranded } from '../../../stops/stranded.ts';
import { event, gatewayEvent } from '../../../store/log/events.ts';
import { statement } from '../../../store/store.ts';
import { storedTasks, writePlan } from '../../../tasks/plan-apply.ts';
import { diffPlan, type PlanDiff, planHash, type StoredTask } from '../../../tasks/plan-diff.ts';
import { advanceReadiness } from '../../../tasks/readiness.ts';
import { actionPort, type FiringOf } from '../ports.ts';

const mark = statement('triggers.madeTask', 'update tasks set made_by = $3 where project = $1 and id = $2');

/** The plan with one more task, and the result of applying that plan. */
interface Added {
  readonly id: string;
  readonly plan: Plan;
  readonly diff: PlanDiff;
}

/**
 * Adds a task to the applied plan, as applying a plan with one more task would: scopes, gates and phases stay
 * those of the plan. The task is marked as the trigger's, so that the next plan from a file does not take it
 * away.
 */
export const addTask = actionPort('task', {
  needs: 'plan:apply',
  exclusive: true,
  facts: (tx, { row }) => storedTasks(tx, row.project),
  decide: (firing, stored): Decision<Added> => {
    const next = withTask(firing, stored);
    if (isDenied(next)) return next;
    const { id, plan } = next.decided;
    const diff = diffPlan(plan, stored);
    return allowUnless([...checkPlan(plan), ...diff.reasons], { id, plan, diff });
  },
  make: async (tx, { row: { project, id: trigger, name, owner: by } }, { id, plan, diff }) => {
    const added = { [id]: plan.tasks[id] as PlanTask };
    const origin = { by, text: null, added, trigger: name };
    const revision = await writePlan(tx, project, { plan, diff, origin });
    await tx.rows(mark, [project, id, trigger]);
    const data = {
      hash: planHash(plan),
      added: 1,
      addedTasks: [id],
      changed: 0,
      removed: [],
      trigger,
      revision,
    };
    const applied = gatewayEvent(project, event('plan.applied', `plan/${project}`, data));
    const readied = await advanceReadiness(tx, project);
    const { events } = await settleStranded(tx, project);
    return { made: `task/${id}`, events: [applied, ...readied, ...events] };
  },
});

function withTask(
  { row, plan, action }: FiringOf<'task'>,
  stored: readonly StoredTask[],
): Decision<Pick<Added, 'id' | 'plan'>> {
  if (plan === undefined) return denied(reason('plan.missing', row.project));
  const taken = new Set(stored.map(({ id }) => id));
  let number = 1;
  while (taken.has(`${row.name}-${number}`)) number++;
  const id = `${row.name}-${number}`;
  const tasks = { ...inOrder(plan.tasks, stored), [id]: action.task };
  const parsed = planSchema.safeParse({ ...plan, tasks });
  if (parsed.success) return allowed({ id, plan: parsed.data });
  return denied(reason('plan.invalid', `tasks.${id}`, { found: parsed.error.issues[0]?.message ?? '' }));
}

/** Tasks in the order of the plan that was applied: an object that a database kept has lost it. */
function inOrder(tasks: Plan['tasks'], stored: readonly StoredTask[]): Plan['tasks'] {
  const place = new Map(stored.map(({ id, position }) => [id, position]));
  const placeOf = (id: string): number => place.get(id) ?? Number.POSITIVE_INFINITY;
  return Object.fromEntries(Object.entries(tasks).sort(([a], [b]) => placeOf(a) - placeOf(b)));
}
