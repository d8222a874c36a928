import { mergeTask, mergeTitle } from '../../changes/open-merge.ts';
import { type Session, statement } from '../../store/store.ts';
import { awaitsJudge } from '../../tasks/judges.ts';
import type { MineItem } from './shapes.ts';

/** A thing that waits, before it is known if the person may act on it. */
export type WaitingThing = Omit<MineItem, 'mayAct' | 'why'>;

type ThingRow<More> = More & {
  readonly id: string;
  readonly project: string;
  readonly since: Date;
  readonly by: string;
  /** The number of all that wait, of which the oldest are read. */
  readonly total: number;
};

/** The oldest things of one kind, and the number of all. */
export interface WaitingKind {
  readonly things: readonly WaitingThing[];
  readonly total: number;
}

const rowsMax = 500;

const waiting = <Row extends { readonly total: number }>(
  rows: readonly Row[],
  thingOf: (row: Row) => WaitingThing,
): WaitingKind => ({ things: rows.map(thingOf), total: rows[0]?.total ?? 0 });

const screenOf = (project: string, rest: string): string => `/p/${encodeURIComponent(project)}${rest}`;

const questions = statement(
  'page.mineQuestions',
  `select q.id, q.project, q.task, q.asked_by as by, q.against, q.question, q.asked_at as since, count(*) over ()::int as total,
     (select t.holder = q.asked_by from tasks t where t.project = q.project and t.id = q.task) as held
   from questions q where q.answer is null and ($1 = '*' or q.project = $1) order by q.asked_at limit ${rowsMax}`,
);

type Question = ThingRow<{ task: string; question: string; against: string | null; held: boolean | null }>;

/** Open questions; the asker is idle until the answer while it holds the task. */
export async function readMineQuestions(session: Session, project: string): Promise<WaitingKind> {
  const rows = await session.rows<Question>(questions, [project]);
  return waiting(rows, (one) => ({
    kind: one.against === null ? 'question' : 'disagreement',
    ...{ id: one.id, project: one.project, by: one.by, task: one.task, subject: `task/${one.task}` },
    title: one.question,
    ...(one.against === null ? {} : { against: one.against }),
    since: one.since.toISOString(),
    blocks: one.held === true ? [one.by] : [],
    link: `/mine#${one.id}`,
  }));
}

const gates = statement(
  'page.mineGates',
  `select g.id, g.project, g.gate, g.change, c.task, c.author as by, g.created_at as since, count(*) over ()::int as total
   from gate_runs g join changes c on c.id = g.change and c.tree = g.tree and c.state in ('gating', 'judging')
   join projects p on p.name = g.project
   where g.manual and g.status = 'waiting' and p.plan->'gates'->g.gate->>'by' = 'human' and ($1 = '*' or g.project = $1)
   order by g.created_at limit ${rowsMax}`,
);

/** Manual gates that a person passes. */
export async function readMineGates(session: Session, project: string): Promise<WaitingKind> {
  const rows = await session.rows<ThingRow<{ gate: string; change: string; task: string }>>(gates, [project]);
  return waiting(rows, (one) => ({
    kind: 'gate',
    ...{ id: one.id, project: one.project, by: one.by, task: one.task, gate: one.gate, change: one.change },
    subject: `change/${one.change}`,
    title: `gate ${one.gate} of ${one.task}`,
    since: one.since.toISOString(),
    blocks: [],
    link: screenOf(one.project, `/c/${one.change}`),
  }));
}

// A change that a validator's run is at work on waits for that run, and not for a person. The merge of main with the
// upstream belongs to no task, and waits for a person alone.
const verdicts = statement(
  'page.mineVerdicts',
  `select c.id, c.project, c.task, coalesce(t.title, '${mergeTitle}') as title, c.author as by,
     c.state_at as since, count(*) over ()::int as total
   from changes c left join tasks t on t.project = c.project and t.id = c.task
   where (${awaitsJudge} or c.kind = 'sync' and c.state = 'judging') and ($1 = '*' or c.project = $1)
     and not exists (select from runs r where r.change = c.id and r.state <> 'ended')
   order by c.state_at limit ${rowsMax}`,
);

/** Changes that wait for a verdict which nobody is at work on. */
export async function readMineVerdicts(session: Session, project: string): Promise<WaitingKind> {
  const rows = await session.rows<ThingRow<{ task: string; title: string }>>(verdicts, [project]);
  return waiting(rows, (one) => ({
    kind: 'verdict',
    ...{ id: one.id, project: one.project, by: one.by, change: one.id },
    ...(one.task === mergeTask ? {} : { task: one.task }),
    subject: `change/${one.id}`,
    title: one.title,
    since: one.since.toISOString(),
    blocks: [],
    link: screenOf(one.project, `/c/${one.id}`),
  }));
}

// One that was tried again, or whose task went on, waits for nobody.
const runs = statement(
  'page.mineRuns',
  `select r.id, r.project, r.agent as by, r.task, r.outcome, r.note, r.ended_at as since, count(*) over ()::int as total
   from runs r left join tasks t on t.project = r.project and t.id = r.task
   where r.state = 'ended' and r.outcome in ('missing_verdict', 'failed_verdict', 'crashed', 'over_budget', 'spawn_failed')
     and r.ended_at > (select andon_now()) - interval '1 day' and ($1 = '*' or r.project = $1)
     and not exists (select from runs n where n.project = r.project and (n.retry_of = r.id
       or n.task = r.task and n.requested_at > r.requested_at))
     and coalesce(t.state not in ('done', 'abandoned', 'gated'), true)
   order by r.ended_at limit ${rowsMax}`,
);

type BadRun = ThingRow<{ task: string | null; outcome: string; note: string | null }>;

/** Runs that ended badly, without another try. */
export async function readMineRuns(session: Session, project: string): Promise<WaitingKind> {
  const rows = await session.rows<BadRun>(runs, [project]);
  return waiting(rows, (one) => ({
    kind: 'run',
    ...{ id: one.id, project: one.project, by: one.by, subject: `run/${one.id}` },
    ...(one.task === null ? {} : { task: one.task }),
    title: [
      one.outcome.replaceAll('_', ' '),
      ...(one.note === null || one.note === '' ? [] : [one.note]),
    ].join(': '),
    since: one.since.toISOString(),
    blocks: [],
    link: `/r/${one.id}`,
  }));
}

const triggers = statement(
  'page.mineTriggers',
  `select id, project, name, owner as by, last_outcome as outcome, last_at as since, count(*) over ()::int as total from triggers
   where state = 'active' and last_outcome in ('refused', 'failed', 'missed') and last_at > (select andon_now()) - interval '7 days'
     and ($1 = '*' or project = $1) order by last_at limit ${rowsMax}`,
);

/** Triggers whose last slot was refused, failed or missed. */
export async function readMineTriggers(session: Session, project: string): Promise<WaitingKind> {
  const rows = await session.rows<ThingRow<{ name: string; outcome: string }>>(triggers, [project]);
  return waiting(rows, (one) => ({
    kind: 'trigger',
    ...{ id: one.id, project: one.project, by: one.by, subject: `trigger/${one.name}` },
    title: `${one.name}: its last slot was ${one.outcome}`,
    since: one.since.toISOString(),
    blocks: [],
    link: screenOf(one.project, '/triggers'),
  }));
}

const unread = statement(
  'page.mineUnread',
  `select kind, count(*)::int as n from messages where ($1 = '*' or project = $1) and recipient = any($2::text[]) and read_at is null
   group by kind`,
);

/** Unread messages of a reader, by kind. */
export async function readUnread(
  session: Session,
  project: string,
  recipients: readonly string[],
): Promise<Record<string, number>> {
  const rows = await session.rows<{ kind: string; n: number }>(unread, [project, recipients]);
  return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
}
