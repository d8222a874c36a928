import { type Session, statement } from '../../store/store.ts';
import { lifeSigns, refusalsEnd } from './life-signs.ts';
import type { WallAgent, WallPhase, WallProject } from './shapes.ts';

const agentsMax = 500;

// The events of an agent are read backwards by their index, and no further than the last twenty thousand of the log.
const agents = statement(
  'page.wallAgents',
  `with held as (
     select distinct on (project, holder) project, holder, id, epoch, state_at from tasks
       where ($1 = '*' or project = $1) and state = 'in_progress' and holder is not null order by project, holder, id),
   names as (
     select project, agent as name from runs
       where ($1 = '*' or project = $1) and (state <> 'ended' or ended_at > (select andon_now()) - interval '1 hour')
     union select project, holder from held
     union select project, actor from events where ($1 = '*' or project = $1) and position > $2::bigint - 2000
       and at > (select andon_now()) - interval '1 hour' and actor like 'agent:%')
   select n.project, n.name, coalesce(r.tier, (select g.cap->>'tier' from grants g where g.agent = n.name order by g.created_at desc limit 1), '') as tier,
     r.profile, r.id as run, r.state as "runState", r.outcome, t.id as task, t.epoch, said."lastAt", said."lastType",
     coalesce(said.refusals, 0)::int as refusals, said."refusedFor",
     coalesce((r.usage->>'usdMicro')::float8, 0) as "usdMicro", coalesce((r.usage->>'tokens')::float8, 0) as tokens,
     coalesce(r.started_at, r.requested_at, t.state_at) as "startedAt",
     (select q.question from questions q where q.project = n.project and q.asked_by = n.name and q.answer is null order by q.asked_at limit 1) as waits,
     count(*) over () as total
   from names n
   left join lateral (select * from runs r where r.project = n.project and r.agent = n.name
     order by (r.state = 'ended'), r.requested_at desc, r.id desc limit 1) r on true
   left join held t on t.project = n.project and t.holder = n.name
   left join lateral (
     select max(e.at) filter (where e.allowed) as "lastAt",
       (array_agg(e.type order by e.position desc) filter (where e.allowed))[1] as "lastType",
       count(*) filter (where not e.allowed and e.position > coalesce(ended.at, 0)) as refusals,
       (array_agg(e.data->'reasons'->0->>'code' order by e.position desc)
         filter (where not e.allowed and e.position > coalesce(ended.at, 0)))[1] as "refusedFor"
     from (select e.at, e.type, e.allowed, e.data, e.position from events e where e.project = n.project and e.actor = n.name
       and e.position between $2::bigint - 20000 and $2::bigint and not (e.type = any($3::text[]))
       order by e.position desc limit 50) e,
     lateral (select max(b.position) as at from events b where b.project = n.project and b.actor = n.name
       and b.position between $2::bigint - 20000 and $2::bigint and b.type = any($4::text[]) and b.allowed) ended) said on true
   order by n.project, n.name limit ${agentsMax}`,
);

type AgentRead = Omit<WallAgent, 'lastAt' | 'startedAt'> & {
  readonly lastAt: Date | null;
  readonly startedAt: Date | null;
  readonly total: number;
};

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

/** Agents at work, or within the hour, with what the log says of them up to a position. */
export async function readWallAgents(
  session: Session,
  project: string,
  position: number,
): Promise<{ readonly agents: readonly WallAgent[]; readonly more: number }> {
  const rows = await session.rows<AgentRead>(agents, [project, position, lifeSigns, refusalsEnd]);
  const found = rows.map(({ total: _total, lastAt, startedAt, ...row }) => ({
    ...row,
    lastAt: iso(lastAt),
    startedAt: iso(startedAt),
  }));
  return { agents: found, more: Math.max(0, (rows[0]?.total ?? 0) - found.length) };
}

const counted = statement(
  'page.wallTasks',
  `select project, phase, state, count(*)::int as n,
     count(*) filter (where deadline < (select andon_now()) and state not in ('done', 'abandoned'))::int as overdue
   from tasks where $1 = '*' or project = $1 group by project, phase, state`,
);
const phases = statement(
  'page.wallPhases',
  `select project, name, opened_at is not null as open from phases where $1 = '*' or project = $1 order by project, position`,
);

interface CountedTasks {
  readonly project: string;
  readonly phase: string;
  readonly state: string;
  readonly n: number;
  readonly overdue: number;
}

const sumOf = (rows: readonly CountedTasks[]): number => rows.reduce((sum, { n }) => sum + n, 0);

/**
 * Phases with their tasks, the number of tasks by state and of those past their deadline, and by project those under way:
 * tasks are counted once.
 */
export async function readWallTasks(session: Session, project: string) {
  const [rows, named] = await Promise.all([
    session.rows<CountedTasks>(counted, [project]),
    session.rows<Pick<WallPhase, 'project' | 'name' | 'open'>>(phases, [project]),
  ]);
  const withTasks = named.map((phase): WallPhase => {
    const own = rows.filter((row) => row.project === phase.project && row.phase === phase.name);
    const stand = own.filter(({ state }) => state !== 'abandoned');
    return { ...phase, done: sumOf(own.filter(({ state }) => state === 'done')), tasks: sumOf(stand) };
  });
  const byState: Record<string, number> = {};
  const running = new Map<string, number>();
  for (const { project: name, state, n } of rows) {
    byState[state] = (byState[state] ?? 0) + n;
    if (state === 'in_progress') running.set(name, (running.get(name) ?? 0) + n);
  }
  const counts = { byState, overdue: rows.reduce((sum, row) => sum + row.overdue, 0) };
  return { tasks: { phases: withTasks, counts }, running };
}

const projects = statement(
  'page.wallProjects',
  `select p.name, p.main_branch as branch, p.epoch, p.plan_revision as revision, (p.plan->'limits'->>'wip')::int as "limit",
     (select count(*) from landings l where l.project = p.name and l.state = 'done' and l.ended_at >= date_trunc('day', (select andon_now())))::int as "landedToday"
   from projects p where p.name <> '*' and ($1 = '*' or p.name = $1) order by p.name`,
);

/** A project as the database knows it: without its main, which git knows, and its running tasks, which are counted once. */
export type WallProjectRow = Omit<WallProject, 'wip' | 'main'> & { readonly limit: number | null };

/** Projects at a glance. */
export const readWallProjects = (session: Session, project: string): Promise<WallProjectRow[]> =>
  session.rows<WallProjectRow>(projects, [project]);
