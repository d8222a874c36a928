import { type Session, statement, type Tx } from '../../store/store.ts';
import { columns, type RunRow } from './rows.ts';

const waiting = statement(
  'runs.waiting',
  `select id, task, change, tier from runs where project = $1 and state = 'waiting' and not_before <= andon_now()
     and adapter = any($2::text[]) order by not_before limit 50`,
);
const take = statement(
  'runs.take',
  `update runs set state = 'taken', runner = $3, runner_gid = $4, taken_at = andon_now(),
     since = coalesce((select max(position) from events where position is not null), 0), lease_until = andon_now() + lease_ms * interval '1 millisecond'
   where id = (select free.id from unnest($2::text[]) wanted(id) cross join lateral
     (select r.id, r.state from runs r where r.project = $1 and r.id = wanted.id for update skip locked) free
     where free.state = 'waiting' limit 1)
   returning ${columns}`,
);

export type WaitingRun = Pick<RunRow, 'id' | 'task' | 'change' | 'tier'>;

/** Runs that a runner with these adapters could take now, the longest waiting first. */
export const waitingRuns = (
  session: Session,
  project: string,
  adapters: readonly string[],
): Promise<WaitingRun[]> => session.rows(waiting, [project, adapters]);

/** Gives the first of the runs that nobody else is taking to a runner. */
export async function takeRun(
  tx: Tx,
  project: string,
  ids: readonly string[],
  runner: { readonly name: string; readonly gid: string },
): Promise<RunRow | undefined> {
  const [row] = await tx.rows<RunRow>(take, [project, ids, runner.name, runner.gid]);
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

export const projectsWithOverdue = async (session: Session): Promise<string[]> =>
  (await session.rows<{ project: string }>(overdueProjects)).map(({ project }) => project);
