import { type Session, statement } from '../store/store.ts';
import {
  type BriefedReader,
  type BriefedStop,
  type BriefedTask,
  type BriefingFacts,
  readyCountMax,
} from './briefing-facts.ts';
import { decisionsTouching } from './decisions.ts';
import { solutionsTold } from './solutions.ts';

/** The reader of a briefing, the task that it asks about, and the characters of a description that it wants. */
export interface BriefingQuestion {
  readonly reader: BriefedReader;
  /** The reader's inbox: its name and its tier. */
  readonly inbox: readonly string[];
  readonly task?: string | undefined;
  readonly descriptionMax: number;
  readonly stops: readonly BriefedStop[];
}

type BriefingRow = Pick<
  BriefingFacts,
  'tasks' | 'ready' | 'readyCount' | 'changes' | 'unread' | 'openQuestions'
>;

const listed = (rows: string): string => `(select coalesce(json_agg(r), '[]'::json) from (${rows}) r)`;

/** A task with all that a briefing tells of it, as a row of the tasks `t`. */
const taskMembers = `t.id, t.title, t.state, t.epoch, t.holder, t.lease_until as "leaseUntil", t.write, t.deny, t.gates, t.acceptance,
  left(t.description, $4) as description, length(t.description) as "descriptionLength",
  (select p.name from phases p where p.project = t.project and p.name = t.phase and p.opened_at is null) as "closedPhase",
  ${listed(`select epoch, agent, outcome, reasons, branch, commit_id as commit, files from task_attempts a
    where a.project = t.project and a.task = t.id order by epoch desc limit 3`)} as attempts,
  ${listed(`select epoch, agent, profile, done, next, files, items, blockers, note, at from task_checkpoints c
    where c.project = t.project and c.task = t.id order by at desc limit 2`)} as checkpoints,
  ${listed(`select id, question, answer, answered_by as by from questions q
    where q.project = t.project and q.task = t.id order by (answer is null) desc, asked_at desc limit 4`)} as questions,
  array(select d.id from task_needs n join tasks d on d.project = n.project and d.id = n.needs
    where n.project = t.project and n.task = t.id and d.state <> 'done' order by d.id limit 10) as needs,
  array(select o.id from task_conflicts c join tasks o on o.project = c.project and o.id = c.other
    where c.project = t.project and c.task = t.id and o.state in ('in_progress', 'gated') order by o.id limit 10) as overlaps,
  (select json_build_object('id', c.id, 'state', c.state) from changes c
    where c.project = t.project and c.task = t.id and c.state not in ('landed', 'refused') limit 1) as change`;

const facts = statement(
  'briefing.facts',
  `with mine as (select id from tasks where project = $1 and holder = $2 and state = 'in_progress' order by lease_until limit 3),
   chosen as (
     select $3::text as id where $3::text is not null
     union all select id from mine where $3::text is null
     union all (select task from task_attempts where project = $1 and agent = $2 and $3::text is null and not exists (select from mine)
       order by at desc limit 1))
   select ${listed(`select ${taskMembers} from tasks t join chosen on chosen.id = t.id where t.project = $1 order by t.lease_until`)} as tasks,
     ${listed(`select id, title from tasks where project = $1 and state = 'ready' order by priority, deadline, position limit 4`)} as ready,
     (select count(*)::int from (select from tasks where project = $1 and state = 'ready' limit ${readyCountMax + 1}) r) as "readyCount",
     ${listed(`select id, task, author from changes where project = $1 and kind = 'task' and state in ('gating', 'judging') and author <> $2
       order by created_at limit 5`)} as changes,
     (select count(*)::int from messages where project = $1 and recipient = any($5::text[]) and read_at is null) as unread,
     ${listed(`select id, task from questions where project = $1 and answer is null order by asked_at limit 5`)} as "openQuestions"`,
);

const decisionsMax = 8;

/** Reads everything that the briefing of a reader is made from. */
export async function readBriefing(
  session: Session,
  { reader, inbox, task, descriptionMax, stops }: BriefingQuestion,
): Promise<BriefingFacts> {
  const asked = [reader.project, reader.agent, task ?? null, descriptionMax, inbox];
  const [row] = await session.rows<BriefingRow>(facts, asked);
  if (row === undefined) throw new Error('a statement without a from has no row');
  const [first] = row.tasks;
  if (first === undefined) return { reader, stops, decisions: [], solutions: [], ...row };
  const [decisions, solutions] = await Promise.all([
    decisionsTouching(session, reader.project, first.write, decisionsMax),
    solutionsTold(session, reader.project, first.id),
  ]);
  return { reader, stops, decisions, solutions, ...row };
}

/** The tasks of facts that are named; undefined for a task that the project does not have. */
export const namedTask = ({ tasks }: BriefingFacts, task: string): BriefedTask | undefined =>
  tasks.find(({ id }) => id === task);
