import { eq } from 'drizzle-orm';
import type { Plan } from '../plan/plan.ts';
import { openWrites } from '../plan/protected-writes.ts';
import { jsonText } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { conflicts, type Scoped } from './conflicts.ts';
import { type PlanDiff, planHash, type StoredTask } from './plan-diff.ts';
import { keepPlan, keepPresentPlan, type PlanOrigin } from './plan-history.ts';
import { openQuestions } from './questions.ts';
import { withdrawReadiness } from './readiness.ts';
import { projects, taskNeeds, tasks } from './schema.ts';
import { isTaskEnd } from './states.ts';
import { movesTasks } from './transition.ts';

/** The stored tasks of a project with their needs, for comparison with a plan. */
export async function storedTasks(session: Session, project: string): Promise<StoredTask[]> {
  const rows = await session.orm.select().from(tasks).where(eq(tasks.project, project));
  const needs = await session.orm.select().from(taskNeeds).where(eq(taskNeeds.project, project));
  const byTask = grouped(needs);
  const open = await openQuestions(session, project);
  return rows.map((row) => ({
    ...row,
    deadline: row.deadline?.toISOString() ?? null,
    openQuestions: open.get(row.id) ?? 0,
    needs: (byTask.get(row.id) ?? []).map((need) => need.needs).sort(),
  }));
}

// Map.groupBy came with Node 21; the floor is 20.
function grouped<T extends { task: string }>(rows: readonly T[]): Map<string, T[]> {
  const byTask = new Map<string, T[]>();
  for (const row of rows) {
    const list = byTask.get(row.task);
    if (list === undefined) byTask.set(row.task, [row]);
    else list.push(row);
  }
  return byTask;
}

const putTasks = statement(
  'plan.tasks',
  `insert into tasks (project, id, title, kind, description, acceptance, phase, state, priority, position, write, deny, scope_hash, requires, gates, done, deadline, expected_minutes, state_at)
   select $1, id, title, kind, description, acceptance, phase, 'backlog', priority, position, write, deny, andon_scope_hash(write, deny), requires, gates, done, deadline, "expectedMinutes", (select andon_now())
   from jsonb_to_recordset($2::jsonb) as given(id text, title text, kind text, description text, acceptance text[], phase text, priority smallint, position int,
     write text[], deny text[], requires text[], gates text[], done text, deadline timestamptz, "expectedMinutes" int)
   on conflict (project, id) do update set title = excluded.title, kind = excluded.kind, description = excluded.description, acceptance = excluded.acceptance, phase = excluded.phase, priority = excluded.priority,
     position = excluded.position, write = excluded.write, deny = excluded.deny, scope_hash = excluded.scope_hash, claim_class = default, requires = excluded.requires,
     gates = excluded.gates, done = excluded.done, deadline = excluded.deadline, expected_minutes = excluded.expected_minutes`,
);
const putNeeds = statement(
  'plan.needs',
  `with given as (select t->>'id' as task, jsonb_array_elements_text(t->'needs') as needs from jsonb_array_elements($2::jsonb) as g(t)),
   gone as (delete from task_needs where project = $1 and task in (select t->>'id' from jsonb_array_elements($2::jsonb) as g(t))
     and (task, needs) not in (select task, needs from given))
   insert into task_needs (project, task, needs) select $1, task, needs from given on conflict do nothing`,
);
const putConflicts = statement(
  'plan.conflicts',
  `insert into task_conflicts (project, task, other)
   select $1, a, b from unnest($2::text[], $3::text[]) as pairs(a, b) on conflict do nothing`,
);
const clearConflicts = statement('plan.clearConflicts', 'delete from task_conflicts where project = $1');
const putPhases = statement(
  'plan.phases',
  `with gone as (delete from phases where project = $1 and not name = any($2::text[]))
   insert into phases (project, name, position) select $1, name, place from unnest($2::text[]) with ordinality as t(name, place)
   on conflict (project, name) do update set position = excluded.position`,
);
const abandonTasks = movesTasks(
  'plan.abandon',
  'abandon',
  ({ set, from }) => `update tasks set ${set} where project = $1 and id = any($2::text[]) and state ${from}`,
);

// The setting is that of whoever made it, not of whoever applies the plan again.
const setUpstream = statement(
  'plan.upstream',
  `update projects set upstream = coalesce($2, upstream), follows = $3,
     follows_by = case when not $3 then null when follows and upstream is not distinct from $2 then follows_by else $4 end
   where name = $1`,
);

/** A plan whose difference was allowed, and its origin. */
export interface AllowedPlan {
  readonly plan: Plan;
  readonly diff: PlanDiff;
  readonly origin: PlanOrigin;
}

/**
 * Writes a plan, and keeps it; answers its revision. The caller holds the project's lock exclusively.
 */
export async function writePlan(
  tx: Tx,
  project: string,
  { plan, diff, origin }: AllowedPlan,
): Promise<number> {
  await keepPresentPlan(tx, project);
  const written = [...diff.added, ...diff.changed.map(({ after }) => after)];
  await tx.rows(putPhases, [project, [...plan.phases]]);
  await tx.rows(putTasks, [project, jsonText(written)]);
  await tx.rows(putNeeds, [project, jsonText(written.map(({ id, needs }) => ({ id, needs })))]);
  await tx.rows(abandonTasks, [project, [...diff.removed]]);
  await withdrawReadiness(tx, project);
  await writeConflicts(tx, project, plan);
  const revision = statement(
    'plan.revision',
    'update projects set plan = $2, plan_hash = $3, plan_revision = plan_revision + 1 where name = $1',
  );
  await tx.rows(revision, [project, jsonText(plan), planHash(plan)]);
  const { url = null, follow = false } = plan.upstream ?? {};
  await tx.rows(setUpstream, [project, url, follow, origin.by]);
  return keepPlan(tx, project, origin);
}

/**
 * Writes the overlaps of scopes without protected files: two tasks that only name the same protected file
 * need not wait for each other.
 */
async function writeConflicts(tx: Tx, project: string, plan: Plan): Promise<void> {
  const rows = await tx.orm
    .select({ id: tasks.id, write: tasks.write, deny: tasks.deny, state: tasks.state })
    .from(tasks)
    .where(eq(tasks.project, project));
  const live: Scoped[] = rows
    .filter(({ state }) => !isTaskEnd(state))
    .map((row) => ({ ...row, write: openWrites(plan, row.id, row) }));
  const pairs = conflicts(live);
  await tx.rows(clearConflicts, [project]);
  await tx.rows(putConflicts, [project, pairs.map(([a]) => a), pairs.map(([, b]) => b)]);
}

/**
 * Removes from the `deny` of stored tasks the entries that an earlier version copied from `protect` of the
 * plan. Judges read the plan itself; with the copies left in, every task would look changed to the next
 * applied plan.
 */
export async function withdrawCopies(tx: Tx, project: string, plan: Plan): Promise<void> {
  const copied = new Set(plan.protect);
  const stored = await storedTasks(tx, project);
  const written = stored.flatMap((task) => {
    const own = Object.hasOwn(plan.tasks, task.id) ? (plan.tasks[task.id]?.deny ?? []) : [];
    const deny = task.deny.filter((glob) => own.includes(glob) || !copied.has(glob));
    return deny.length === task.deny.length ? [] : [{ ...task, deny }];
  });
  if (written.length === 0) return;
  await tx.rows(putTasks, [project, jsonText(written)]);
  await writeConflicts(tx, project, plan);
}

/** The applied plan of a project. */
export async function readPlan(session: Session, project: string): Promise<Plan | undefined> {
  const [row] = await session.orm
    .select({ plan: projects.plan })
    .from(projects)
    .where(eq(projects.name, project));
  return row?.plan ?? undefined;
}
