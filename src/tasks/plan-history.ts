import { fail } from '../lib/errors.ts';
import { parsePlan } from '../plan/parse.ts';
import { type Plan, type PlanTask, planSchema } from '../plan/plan.ts';
import { columnsOf } from '../store/columns.ts';
import { jsonText } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { planHistory } from './schema.ts';

/** The origin of an applied plan: its principal, its text, and the reason. */
export interface PlanOrigin {
  readonly by: string;
  /** The text as it was given; null where a trigger adds a task to the plan before. */
  readonly text: string | null;
  /** Tasks of the applied plan that the text does not have. */
  readonly added: Readonly<Record<string, PlanTask>>;
  readonly trigger?: string | undefined;
  readonly reason?: string | undefined;
  /** The revision whose text is applied again. */
  readonly reverts?: number | undefined;
}

/** An applied plan without its text. */
export type PlanRevision = Readonly<Omit<typeof planHistory.$inferSelect, 'project' | 'text' | 'added'>> & {
  /** The tasks that triggers had added to the text. */
  readonly added: readonly string[];
};

/** An applied plan with the text that it came from. */
export interface KeptPlan extends PlanRevision {
  readonly text: string;
  /** Tasks that triggers had added to the text, by their names. */
  readonly tasks: Readonly<Record<string, unknown>>;
}

const keepPresent = statement('planHistory.keepPresent', 'select andon_keep_plan($1)');
const keep = statement(
  'planHistory.keep',
  `insert into plan_history (project, revision, hash, text, added, applied_by, trigger, reason, reverts)
   select name, plan_revision, plan_hash, $2, $3::jsonb, $4, $5, $6, $7 from projects where name = $1
   returning revision`,
);
const listed = `${columnsOf(planHistory, ['project', 'text', 'added'])}, array(select jsonb_object_keys(added) order by 1) as added`;
const list = statement(
  'planHistory.list',
  `select ${listed} from plan_history where project = $1 and revision < $2 order by revision desc limit $3`,
);
const find = statement(
  'planHistory.find',
  `select revision, hash from plan_history where project = $1 and (revision = $2 or starts_with(hash, $3))
   order by revision desc`,
);
const read = statement(
  'planHistory.read',
  `with base as (select coalesce(max(revision), 0) as revision from plan_history where project = $1 and revision <= $2 and text is not null)
   select ${columnsOf(planHistory, ['project', 'text', 'added'], 'h')}, array(select jsonb_object_keys(h.added) order by 1) as added,
     (select b.text from plan_history b where b.project = $1 and b.revision = base.revision) as text,
     (select coalesce(jsonb_object_agg(t.key, t.value), '{}') from plan_history one cross join jsonb_each(one.added) t
      where one.project = $1 and one.revision between base.revision and $2) as tasks
   from plan_history h cross join base where h.project = $1 and h.revision = $2`,
);

/** Keeps the plan that the project is about to leave, where an earlier version applied it. */
export const keepPresentPlan = (tx: Tx, project: string): Promise<unknown> => tx.rows(keepPresent, [project]);

/** Keeps the plan that was just written; answers its revision. */
export async function keepPlan(tx: Tx, project: string, origin: PlanOrigin): Promise<number> {
  const { by, text, added, trigger = null, reason = null, reverts = null } = origin;
  const values = [project, text, jsonText(added), by, trigger, reason, reverts];
  const [row] = await tx.rows<{ revision: number }>(keep, values);
  return row?.revision ?? 0;
}

/** The applied plans of a project before a revision, the latest first. */
export const listPlans = (
  session: Session,
  project: string,
  page: { readonly before: number; readonly limit: number },
): Promise<PlanRevision[]> => session.rows<PlanRevision>(list, [project, page.before, page.limit]);

/** The largest revision that a column holds. */
export const revisionMax = 2_147_483_647;

/**
 * The applied plan that a number or the beginning of a hash names; of several with the same plan the latest.
 * Errors: `plan.revision`.
 */
export async function keptPlan(session: Session, project: string, named: string): Promise<KeptPlan> {
  const revision = await revisionNamed(session, project, named);
  const [kept] = await session.rows<KeptPlan>(read, [project, revision]);
  if (kept === undefined) throw fail('plan.revision', `plan/${project}`, { found: named });
  return kept;
}

async function revisionNamed(session: Session, project: string, named: string): Promise<number> {
  const number = /^\d{1,10}$/.test(named) && Number(named) <= revisionMax ? Number(named) : 0;
  const hash = /^[0-9a-f]{6,64}$/.test(named) ? named : '-';
  const found = await session.rows<{ revision: number; hash: string }>(find, [project, number, hash]);
  if (found.some(({ revision }) => revision === number)) return number;
  if (new Set(found.map((one) => one.hash)).size <= 1) return found[0]?.revision ?? 0;
  const numbers = found.map(({ revision }) => revision).join(', ');
  throw fail('plan.revision', `plan/${project}`, {
    found: `${named}: plans ${numbers}`,
    next: 'give more of the hash, or the number',
  });
}

/** A kept plan as it was applied: its text, and the tasks that triggers had added. Errors: `plan.invalid`. */
export function planOf({ text, tasks }: KeptPlan): Plan {
  const plan = parsePlan(text);
  return planSchema.parse({ ...plan, tasks: { ...plan.tasks, ...tasks } });
}
