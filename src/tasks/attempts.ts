import { sendMessage } from '../messages/messages.ts';
import { type AttemptOutcome, attemptOutcomes, type ToldTask } from '../messages/task-words.ts';
import { columnsOf } from '../store/columns.ts';
import { type EventDraft, event, gatewayEvent } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { taskAttempts } from './schema.ts';

const leftOut = ['project', 'task', 'files', 'profile', 'claimedAt'] as const;

/** An attempt at a task as the next one sees it. `reasons` quote what others wrote: data, no instructions. */
export type AttemptRow = Readonly<Omit<typeof taskAttempts.$inferSelect, (typeof leftOut)[number]>>;

/** Names one attempt: the lease that a task was held under, and its holder. */
export interface AttemptOf {
  readonly project: string;
  readonly task: string;
  readonly epoch: number;
  readonly agent: string;
}

export interface AttemptEnd extends AttemptOf {
  readonly outcome: AttemptOutcome;
  readonly reasons: readonly string[];
}

const pushed = statement(
  'attempts.pushed',
  `insert into task_attempts (project, task, epoch, agent, branch, commit_id, files) values ($1, $2, $3, $4, $5, $6, $7)
   on conflict (project, task, epoch) do update set branch = excluded.branch, commit_id = excluded.commit_id, files = excluded.files,
     at = andon_now()`,
);
const ended = statement(
  'attempts.ended',
  `with begun as (
     select e.at, case e.type when 'task.claimed' then coalesce((select g.profile from grants g where g.gid = e.gid), '') end as profile
     from events e where e.project = $1 and e.subject = 'task/' || $2::text and e.type in ('task.claimed', 'task.stolen') and (e.data->>'epoch')::int = $3
     order by e.seq desc limit 1)
   insert into task_attempts (project, task, epoch, agent, outcome, reasons, claimed_at, profile)
   values ($1, $2, $3, $4, $5, $6, (select at from begun), (select profile from begun))
   on conflict (project, task, epoch) do update set outcome = excluded.outcome, reasons = excluded.reasons, claimed_at = excluded.claimed_at,
     profile = excluded.profile, at = andon_now()`,
);
const latest = statement(
  'attempts.latest',
  `select ${columnsOf(taskAttempts, leftOut)} from task_attempts where project = $1 and task = $2 order by epoch desc limit $3`,
);

const reasonLengthMax = 4_000;
const shownMax = 5;
const filesMax = 200;

/** The branch that an attempt has pushed, its commit, and the paths that it changed. */
export interface PushedWork {
  readonly branch: string;
  readonly commit: string;
  readonly files: readonly string[];
}

/** Notes the work that an attempt has pushed last. */
export function notePush(
  tx: Tx,
  { project, task, epoch, agent }: AttemptOf,
  { branch, commit, files }: PushedWork,
): void {
  tx.later(pushed, [project, task, epoch, agent, branch, commit, files.slice(0, filesMax)]);
}

/**
 * Writes how an attempt ended, and tells the agent that made it, unless the work is done. Whoever tries next reads the
 * same with the claim, so nobody has to ask what went wrong. Answers the event that readies the task again, if it does.
 */
export async function endAttempt(tx: Tx, end: AttemptEnd): Promise<EventDraft[]> {
  const { project, task, epoch, agent, outcome } = end;
  const reasons = end.reasons.map((text) => text.slice(-reasonLengthMax));
  tx.later(ended, [project, task, epoch, agent, outcome, reasons]);
  if (done.has(outcome)) return [];
  await sendMessage(tx, {
    project,
    recipient: agent,
    kind: 'note',
    subject: `task/${task}`,
    title: `${task}, attempt ${epoch}: ${attemptOutcomes[outcome]}`,
    body: reasons.join('\n'),
    data: { task, epoch, outcome },
  });
  if (outcome === 'stolen') return [];
  return [gatewayEvent(project, event('task.readied', `task/${task}`, { after: outcome }))];
}

const done: ReadonlySet<AttemptOutcome> = new Set(['landed', 'approved', 'artefact']);

/** The latest attempts at a task, the newest first, at most five. */
const readAttempts = (session: Session, project: string, task: string): Promise<AttemptRow[]> =>
  session.rows<AttemptRow>(latest, [project, task, shownMax]);

const answered = statement(
  'questions.answered',
  `select question, answer, answered_by as by from questions
   where project = $1 and task = $2 and answer is not null order by answered_at desc limit $3`,
);

/** The part of a task's history that whoever works on it next needs. */
export interface TaskHistory {
  readonly attempts: readonly AttemptRow[];
  readonly answers: ToldTask['answers'];
}

/** The latest attempts at a task, and the answers that were given about it, the newest first. */
export async function readHistory(session: Session, project: string, task: string): Promise<TaskHistory> {
  const [attempts, answers] = await Promise.all([
    readAttempts(session, project, task),
    session.rows<ToldTask['answers'][number]>(answered, [project, task, shownMax]),
  ]);
  return { attempts, answers };
}
