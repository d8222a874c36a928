import { type Reason, reason } from '../lib/decision.ts';
import { type Session, statement } from '../store/store.ts';

const open = statement(
  'questions.open',
  `select task, count(*)::int as n from questions where project = $1 and ($2::text is null or task = $2) and answer is null
   group by task`,
);

/** The number of open questions by task, of one task or of all; a task without any is not listed. */
export async function openQuestions(
  session: Session,
  project: string,
  task: string | null = null,
): Promise<ReadonlyMap<string, number>> {
  const rows = await session.rows<{ task: string; n: number }>(open, [project, task]);
  return new Map(rows.map((row) => [row.task, row.n]));
}

/** The reason against closing a task while a person owes it an answer. */
export const questionReasons = (task: string, count = 0): Reason[] =>
  count === 0 ? [] : [reason('task.question', `task/${task}`, { found: `${count} open` })];
