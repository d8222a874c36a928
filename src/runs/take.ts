import { type Session, statement, type Tx } from '../store/store.ts';
import { columns, type RunRow } from './rows.ts';
import { movesRuns } from './transition.ts';

// The query itself leaves out runs that a stop holds: any number of them may wait, and the runs behind them
// are seen all the same. Runs without a task have '' in its place.
const waiting = statement(
  'runs.waiting',
  `select id from runs where project = $1 and state = 'waiting' and not_before <= andon_now()
     and adapter = any($2::text[]) and coalesce(task, '') <> all($3::text[])
     and not (tier = 'implementer' and coalesce(task, '') = any($4::text[]))
     and not (profile = any($5::text[]) and exists (select from triggers t where t.id = runs.trigger and t.kind = 'pool')) order by not_before limit 50`,
);
// A run claims its task a moment after it was taken: until then its task counts as claimed.
const begun = `(select r.task from runs r where r.project = $1 and r.state = 'taken' and r.tier = 'implementer' and r.task is not null)`;
const unclaimable = statement(
  'runs.unclaimable',
  `select t.id from tasks t where t.project = $1 and t.id = any($2::text[]) and (t.state = 'backlog' or t.state = 'ready' and exists (
     select 1 from task_conflicts c join tasks o on o.project = c.project and o.id = c.other
     where c.project = t.project and c.task = t.id and (o.state in ('in_progress', 'gated') or o.state = 'ready' and o.id in ${begun})))`,
);
const claiming = statement(
  'runs.claiming',
  `select count(*)::int as n from tasks t where t.project = $1 and t.state <> 'in_progress' and t.id in ${begun}`,
);
const waitingFor = statement(
  'runs.waitingFor',
  `select distinct task from runs where project = $1 and state = 'waiting' and not_before <= andon_now()
     and adapter = any($2::text[])`,
);
const take = movesRuns(
  'runs.take',
  'take',
  ({ set, from }) => `update runs set ${set}, runner = $3, runner_gid = $4, taken_at = andon_now(),
     since = coalesce((select max(position) from events where position is not null), 0), lease_until = andon_now() + lease_ms * interval '1 millisecond'
   where id = (select free.id from unnest($2::text[]) wanted(id) cross join lateral
     (select r.id, r.state from runs r where r.project = $1 and r.id = wanted.id for update skip locked) free
     where free.state ${from} limit 1)
   returning ${columns}`,
);

/** The tasks among these that no implementer could claim, because they are not ready or overlap work in progress. */
export async function unclaimableTasks(
  session: Session,
  project: string,
  tasks: readonly string[],
): Promise<string[]> {
  const rows = await session.rows<{ id: string }>(unclaimable, [project, tasks]);
  return rows.map(({ id }) => id);
}

/** Number of runs that were taken and are about to claim their task. */
export async function claimingCount(session: Session, project: string): Promise<number> {
  const [row] = await session.rows<{ n: number }>(claiming, [project]);
  return row?.n ?? 0;
}

/** Tasks and pools whose runs may not be started. */
export interface HeldTasks {
  /** Tasks held by a stop; null stands for runs without a task. */
  readonly stopped: readonly (string | null)[];
  /** Tasks that a run would have to claim in vain: the claim would be refused, and an attempt used up. */
  readonly unclaimable: readonly string[];
  /** Profiles whose pools are stopped. */
  readonly pools: readonly string[];
}

/** Ids of runs that a runner with these adapters could take, the longest waiting first, at most 50. */
export async function waitingRuns(
  session: Session,
  project: string,
  adapters: readonly string[],
  { stopped, unclaimable: closed, pools }: HeldTasks,
): Promise<string[]> {
  const left = stopped.map((task) => task ?? '');
  const rows = await session.rows<{ id: string }>(waiting, [project, adapters, left, closed, pools]);
  return rows.map(({ id }) => id);
}

/** The tasks that runs wait for, each once; null for runs without one. */
export async function waitingTasks(
  session: Session,
  project: string,
  adapters: readonly string[],
): Promise<(string | null)[]> {
  const rows = await session.rows<{ task: string | null }>(waitingFor, [project, adapters]);
  return rows.map(({ task }) => task);
}

/** Gives a runner the first of the runs that no other runner is taking. */
export async function takeRun(
  tx: Tx,
  project: string,
  ids: readonly string[],
  runner: { readonly name: string; readonly grantId: string },
): Promise<RunRow | undefined> {
  const [row] = await tx.rows<RunRow>(take, [project, ids, runner.name, runner.grantId]);
  return row;
}

const overdue = statement(
  'runs.overdue',
  `select ${columns} from runs where project = $1 and state in ('taken', 'running') and lease_until <= andon_now() for update skip locked`,
);
const overdueProjects = statement(
  'runs.overdueProjects',
  `select distinct project from runs where state in ('taken', 'running') and lease_until <= andon_now()`,
);

/** Runs whose runner has given no sign of life in time, locked. */
export const lockOverdue = (tx: Tx, project: string): Promise<RunRow[]> => tx.rows(overdue, [project]);

/** Projects with a run whose runner has given no sign of life in time. */
export const projectsWithOverdue = async (session: Session): Promise<string[]> =>
  (await session.rows<{ project: string }>(overdueProjects)).map(({ project }) => project);
