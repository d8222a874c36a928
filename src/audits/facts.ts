import { latestPosition } from '../store/log/tail.ts';
import { type Session, statement } from '../store/store.ts';
import type { WatchedAgent } from './idle-audit.ts';
import type { AuditedTask } from './plan-audit.ts';
import { type SeenEvent, type Tally, tallyEvents } from './tally.ts';

const tasks = statement(
  'audits.tasks',
  `select t.id, t.state, t.phase, t.expected_minutes as "expectedMinutes", t.deadline, t.state_at as "stateAt", t.epoch, t.holder,
     exists (select 1 from phases p join phases n on n.project = p.project and n.position > p.position and n.opened_at is not null
       where p.project = t.project and p.name = t.phase) as "phaseOver",
     (select count(*)::int from questions q where q.project = t.project and q.task = t.id and q.answer is null) as "openQuestions"
   from tasks t where t.project = $1 order by t.position, t.id`,
);

/** The tasks of a project, as the audit of the plan reads them. */
export const readAuditedTasks = (session: Session, project: string): Promise<AuditedTask[]> =>
  session.rows(tasks, [project]);

const page = statement(
  'audits.events',
  `select position, type, actor, subject, allowed, action, at, data from events
   where project = $1 and position > $2 and position <= $3 order by position limit 2000`,
);

/**
 * Adds the events of a project after `from` to a tally, page by page. Answers the tally and the last position
 * read.
 */
export async function tallyFrom(
  session: Session,
  project: string,
  from: number,
  before: Tally,
): Promise<{ tally: Tally; to: number }> {
  const to = await latestPosition(session);
  let tally = before;
  for (let at = from; ; ) {
    const events = await session.rows<SeenEvent & { position: number }>(page, [project, at, to]);
    tally = tallyEvents(tally, events);
    const last = events.at(-1);
    if (last === undefined) return { tally, to };
    at = last.position;
  }
}

const watched = statement(
  'audits.agents',
  `with at_work as (
     select r.agent, r.task, r.id as run, greatest(coalesce(r.progress_at, r.started_at), r.started_at) as last_at
       from runs r where r.project = $1 and r.state = 'running'
     union all
     select t.holder, t.id, null, t.state_at from tasks t where t.project = $1 and t.state = 'in_progress'
       and not exists (select 1 from runs r where r.project = $1 and r.agent = t.holder and r.state = 'running'))
   select w.agent, w.task, w.run,
     greatest(w.last_at, (select max(e.at) from events e where e.project = $1 and e.actor = w.agent and e.allowed
       and e.type not in ('task.renewed', 'token.renewed') and e.position > (select coalesce(max(position), 0) - 20000 from events where position is not null))) as "lastAt"
   from at_work w order by 1`,
);
const ready = statement(
  'audits.ready',
  `select count(*)::int as n from tasks where project = $1 and state = 'ready'`,
);

/** Agents that have a living run or hold a task, each with the time of its last accepted action. */
export const readWatched = (session: Session, project: string): Promise<WatchedAgent[]> =>
  session.rows(watched, [project]);

/** Number of ready tasks of a project. */
export async function readyCount(session: Session, project: string): Promise<number> {
  const [row] = await session.rows<{ n: number }>(ready, [project]);
  return row?.n ?? 0;
}

const landed = statement(
  'audits.landed',
  `select task, state_at as at from changes where project = $1 and state = 'landed' and state_at > $2 order by state_at limit 1000`,
);
const spent = statement(
  'audits.spent',
  `select count(*)::int as runs, coalesce(sum((usage->>'tokens')::bigint), 0)::float8 as tokens,
     coalesce(sum((usage->>'usdMicro')::bigint), 0)::float8 as "usdMicro"
   from runs where project = $1 and requested_at > $2`,
);

/** Changes that landed since a time, the oldest first, at most 1,000. */
export const readLanded = (
  session: Session,
  project: string,
  since: Date,
): Promise<{ task: string; at: Date }[]> => session.rows(landed, [project, since]);

/** The runs requested in a project since a time, with their tokens and USD. */
export async function readSpent(
  session: Session,
  project: string,
  since: Date,
): Promise<{ runs: number; tokens: number; usdMicro: number }> {
  const [row] = await session.rows<{ runs: number; tokens: number; usdMicro: number }>(spent, [
    project,
    since,
  ]);
  return row ?? { runs: 0, tokens: 0, usdMicro: 0 };
}

const clock = statement('audits.now', 'select andon_now() as now');

/** The time by the database's clock. */
export async function readNow(session: Session): Promise<Date> {
  const [row] = await session.rows<{ now: Date }>(clock);
  if (row === undefined) throw new Error('the database has no clock');
  return row.now;
}
