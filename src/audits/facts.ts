import { isLiving } from '../store/living-grant.ts';
import { latestPosition } from '../store/log/tail.ts';
import { type Session, statement } from '../store/store.ts';
import type { WatchedAgent } from './idle-audit.ts';
import type { AuditedTask, RefusedCalls } from './plan-audit.ts';
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

// An agent without work counts while it keeps a living token, and a ready task is free that its grant has the skills
// for. Under a stop of the project, and at the limit of work in progress, nobody
// may take work.
const watched = statement(
  'audits.agents',
  `with at_work as (
     select r.agent, r.task, r.id as run, greatest(coalesce(r.progress_at, r.started_at), r.started_at) as last_at, null as could_take
       from runs r where r.project = $1 and r.state = 'running'
     union all
     select t.holder, t.id, null, t.state_at, null from tasks t where t.project = $1 and t.state = 'in_progress'
       and not exists (select 1 from runs r where r.project = $1 and r.agent = t.holder and r.state = 'running')),
   free as (
     select t.id, t.requires, t.state_at, t.phase from tasks t where t.project = $1 and t.state = 'ready'
       and ($2::int is null or (select count(*) from tasks p where p.project = $1 and p.state = 'in_progress') < $2)
       and not exists (select from task_conflicts c join tasks o on o.project = c.project and o.id = c.other
         where c.project = $1 and c.task = t.id and o.state in ('in_progress', 'gated'))
       and not exists (select from stops s where s.project in ($1, '*') and s.cleared_at is null
         and (s.scope_kind in ('project', 'all') or s.scope_value = t.id))),
   could as (
     select distinct on (g.agent) g.agent, f.id, greatest(g.created_at, f.state_at) as last_at
     from grants g join free f on (g.cap->'skills' ? '*' or f.requires <@ array(select jsonb_array_elements_text(g.cap->'skills')))
       and (g.cap->'phases' ? '*' or g.cap->'phases' ? f.phase) and coalesce(g.cap->>'task', f.id) = f.id
     where g.project = $1 and g.cap->>'tier' = 'implementer' and ${isLiving('g')}
       and exists (select from tokens k where k.gid = g.gid and k.replaced_at is null and k.expires_at > (select andon_now()))
       and not exists (select from at_work w where w.agent = g.agent)
     order by g.agent, f.state_at, f.id)
   select w.agent, w.task, w.run, w.could_take as "couldTake",
     greatest(w.last_at, (select max(e.at) from events e where e.project = $1 and e.actor = w.agent and e.allowed
       and e.type not in ('task.renewed', 'token.renewed') and e.position > (select coalesce(max(position), 0) - 20000 from events where position is not null))) as "lastAt"
   from (select agent, task, run, last_at, could_take from at_work union all select agent, null, null, last_at, id from could) w order by 1`,
);
const ready = statement(
  'audits.ready',
  `select count(*)::int as n from tasks where project = $1 and state = 'ready'`,
);

/**
 * Agents that have a living run, hold a task, or could take one, each with the time of its last accepted action;
 * `wip` is the limit of work in progress.
 */
export const readWatched = (
  session: Session,
  project: string,
  wip: number | undefined,
): Promise<WatchedAgent[]> => session.rows(watched, [project, wip ?? null]);

/** Number of ready tasks of a project. */
export async function readyCount(session: Session, project: string): Promise<number> {
  const [row] = await session.rows<{ n: number }>(ready, [project]);
  return row?.n ?? 0;
}

const landed = statement(
  'audits.landed',
  `select task, state_at as at from changes where project = $1 and kind = 'task' and state = 'landed' and state_at > $2 order by state_at limit 1000`,
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

const refused = statement(
  'audits.refused',
  `select principal as actor, event, count from denials where project = $1 and last_at >= $2 order by last_at desc limit 2000`,
);
// Of a refusal that came again after its row had been taken by a later one, the event alone is left.
const refusedBefore = statement(
  'audits.refusedBefore',
  `select actor, count(*)::int as count from events e where project = $1 and type = 'call.denied' and position > $2 and position <= $3
     and not exists (select from denials d where d.project = e.project and d.principal = e.actor and d.event = e.id)
   group by actor`,
);

/** Refused calls of agents, and the numbers by event up to which they have been counted. */
export interface CountedCalls {
  readonly calls: readonly RefusedCalls[];
  readonly counted: Readonly<Record<string, number>>;
}

/** Counts the refused calls since an audit, repeated ones included, which have one event together. */
export async function readRefusedCalls(
  session: Session,
  project: string,
  since: { readonly at: Date; readonly from: number; readonly to: number },
  counted: Readonly<Record<string, number>>,
): Promise<CountedCalls> {
  const rows = await session.rows<RefusedCalls & { event: string }>(refused, [project, since.at]);
  const others = await session.rows<RefusedCalls>(refusedBefore, [project, since.from, since.to]);
  const sums = new Map<string, number>();
  const add = (actor: string, count: number): unknown => sums.set(actor, (sums.get(actor) ?? 0) + count);
  for (const { actor, event, count } of rows) add(actor, count - (counted[event] ?? 0));
  for (const { actor, count } of others) add(actor, count);
  return {
    calls: [...sums].map(([actor, count]) => ({ actor, count })),
    counted: Object.fromEntries(rows.map(({ event, count }) => [event, count])),
  };
}

const clock = statement('audits.now', 'select andon_now() as now');

/** The time by the database's clock. */
export async function readNow(session: Session): Promise<Date> {
  const [row] = await session.rows<{ now: Date }>(clock);
  if (row === undefined) throw new Error('the database has no clock');
  return row.now;
}
