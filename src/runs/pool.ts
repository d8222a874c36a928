import { type Session, statement } from '../store/store.ts';
import { awaitsJudge } from '../tasks/judges.ts';
import { isLeft } from './next-step.ts';
import { type Outcome, outcomes } from './outcome.ts';

/** The number of runs in a row without progress that pause a pool. */
export const flatRunsMax = 3;

/**
 * The progress that an outcome tells of. Runs that ended by their time or budget had done work, or they would count as
 * without progress. Undefined for an end that says nothing about the agent: somebody, or its runner, ended the run.
 */
const progress = {
  shipped: true,
  timed_out: true,
  over_budget: true,
  no_progress: false,
  missing_verdict: false,
  failed_verdict: false,
  crashed: false,
  spawn_failed: false,
  halted: undefined,
  lost_lease: undefined,
  cancelled: undefined,
} as const satisfies Record<Outcome, boolean | undefined>;

const telling = outcomes.filter((outcome) => progress[outcome] !== undefined);
const left = outcomes.filter((outcome) => isLeft({ outcome }));

/** A pool, as its statements name it. */
export interface ProfilePool {
  /** The id of its trigger. */
  readonly id: string;
  readonly project: string;
  readonly profile: string;
}

// A stop that was cleared, like a pool that is armed anew, gives the work that was left another chance.
const since = `greatest(t.armed_at, (select max(s.cleared_at) from stops s where s.cause = 'pool' and s.subject = $2 and s.project = t.project))`;
const began = `coalesce(r.taken_at, r.ended_at)`;

const latest = statement(
  'pool.latest',
  `select r.outcome from runs r join triggers t on t.id = r.trigger
   where t.id = $1 and r.state = 'ended' and r.outcome = any($3::text[]) and ${began} > ${since}
   order by r.ended_at desc, r.id desc limit $4`,
);
const busy = statement(
  'pool.busy',
  `select (select count(*) from runs where project = $1 and profile = $2 and state in ('waiting', 'taken', 'running'))::int as alive,
     (select count(*) from trigger_due where trigger = $3)::int as asked`,
);
const taken = statement(
  'pool.taken',
  `select distinct task from runs
   where project = $1 and state in ('waiting', 'taken', 'running') and tier = 'implementer' and task is not null`,
);
const leftTasks = statement(
  'pool.left',
  `select distinct r.task from triggers t join runs r on r.project = t.project and r.task = any($5::text[]) and r.profile = $3
   where t.id = $1 and r.state = 'ended' and r.outcome = any($4::text[]) and ${began} > ${since}
     and not exists (select from runs l where l.project = r.project and l.task = r.task and l.profile = r.profile
       and l.requested_at > r.requested_at)`,
);
// A rebuild gives a change another tree, which a run of before has not judged.
const unjudged = statement(
  'pool.unjudged',
  `select c.id as change, c.task from triggers t join changes c on c.project = t.project and c.state in ('gating', 'judging')
   where t.id = $1 and ${awaitsJudge} and not exists (select from runs r where r.change = c.id and r.project = c.project and r.profile = $3
     and (r.state <> 'ended' or r.outcome <> 'cancelled' and (c.rebuilt = 0 or r.requested_at >= c.state_at) and ${began} > ${since}))
   order by c.state_at, c.id limit $4`,
);
const wants = statement(
  'pool.wants',
  `select (select count(*) from runs where project = $1 and profile = $2 and state in ('waiting', 'taken', 'running')) < $3::int and case
     when $5::text is null then exists (select from tasks where project = $1 and id = $4 and state = 'ready')
       and not exists (select from runs where project = $1 and task = $4 and tier = 'implementer' and state <> 'ended')
     else exists (select from changes c where c.project = $1 and c.id = $5 and ${awaitsJudge})
       and not exists (select from runs where project = $1 and change = $5 and profile = $2 and state <> 'ended') end as wanted`,
);

/** The thing that the stop of a pool is about. */
export const poolSubject = (profile: string): string => `agents.${profile}`;

/** True when the latest runs of a pool made no progress, so many in a row that it has to pause. */
export async function isFlat(session: Session, { id, profile }: ProfilePool): Promise<boolean> {
  const rows = await session.rows<{ outcome: Outcome }>(latest, [
    id,
    poolSubject(profile),
    telling,
    flatRunsMax,
  ]);
  return rows.length === flatRunsMax && rows.every(({ outcome }) => progress[outcome] === false);
}

/** Numbers of runs that take up the room of a pool. */
export interface PoolRuns {
  /** Runs of the profile that wait or run, whoever asked for them. */
  readonly alive: number;
  /** Runs that the pool is about to ask for. */
  readonly asked: number;
}

/** Counts the runs that take up the room of a pool. */
export async function countRuns(session: Session, { id, project, profile }: ProfilePool): Promise<PoolRuns> {
  const [row] = await session.rows<PoolRuns>(busy, [project, profile, id]);
  return row ?? { alive: 0, asked: 0 };
}

/** The tasks of a project that a run of an implementer is to work on, or works on. */
export async function tasksWithRun(session: Session, project: string): Promise<Set<string>> {
  return new Set((await session.rows<{ task: string }>(taken, [project])).map(({ task }) => task));
}

/** The tasks among these whose last run of the profile ended without success, and no other attempt follows by itself. */
export async function tasksLeft(
  session: Session,
  { id, profile }: ProfilePool,
  tasks: readonly string[],
): Promise<Set<string>> {
  const values = [id, poolSubject(profile), profile, left, tasks];
  return new Set((await session.rows<{ task: string }>(leftTasks, values)).map(({ task }) => task));
}

/** Changes that wait for a verdict and have no run of the profile, the longest waiting first. */
export const unjudgedChanges = (
  session: Session,
  { id, profile }: ProfilePool,
  most: number,
): Promise<{ change: string; task: string }[]> =>
  session.rows(unjudged, [id, poolSubject(profile), profile, most]);

/** True when the pool has room for one more run, and this work of it is still in no hands. */
export async function isWanted(
  session: Session,
  { project, profile }: ProfilePool,
  size: number,
  work: { readonly task?: string; readonly change?: string },
): Promise<boolean> {
  const values = [project, profile, size, work.task ?? null, work.change ?? null];
  const [row] = await session.rows<{ wanted: boolean }>(wants, values);
  return row?.wanted === true;
}
