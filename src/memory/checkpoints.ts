import { sendMessage } from '../messages/messages.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import type { TaskCheckpoint } from './briefing-facts.ts';

/** The words of an agent about its work on a task, as it gives them. */
export type CheckpointDraft = Omit<TaskCheckpoint, 'at'>;

const put = statement(
  'checkpoints.put',
  `insert into task_checkpoints (project, task, profile, epoch, agent, done, next, files, items, blockers, note)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
   on conflict (project, task, profile) do update set epoch = excluded.epoch, agent = excluded.agent, done = excluded.done,
     next = excluded.next, files = excluded.files, items = excluded.items, blockers = excluded.blockers, note = excluded.note, at = andon_now()`,
);
const known = statement(
  'checkpoints.blockers',
  `select blockers from task_checkpoints where project = $1 and task = $2 and profile = $3`,
);

/** The blockers that agents of a profile named last for a task. */
export async function knownBlockers(
  session: Session,
  project: string,
  task: string,
  profile: string,
): Promise<readonly string[]> {
  const [row] = await session.rows<{ blockers: string[] }>(known, [project, task, profile]);
  return row?.blockers ?? [];
}

/** Keeps a checkpoint in the place of the one before of the same task and profile. */
export function putCheckpoint(tx: Tx, project: string, task: string, of: CheckpointDraft): void {
  const { profile, epoch, agent, done, next, files, items, blockers, note } = of;
  tx.later(put, [project, task, profile, epoch, agent, done, next, files, items, blockers, note]);
}

/** Tells the executives of blockers; does nothing when there are none. */
export async function tellBlockers(
  tx: Tx,
  of: { readonly project: string; readonly agent: string; readonly task: string | undefined },
  blockers: readonly string[],
): Promise<void> {
  if (blockers.length === 0) return;
  const { project, agent, task } = of;
  await sendMessage(tx, {
    project,
    recipient: 'tier:executive',
    kind: 'blocker',
    subject: task === undefined ? `agent/${agent}` : `task/${task}`,
    title: task === undefined ? `${agent} is blocked` : `${agent} is blocked on ${task}`,
    body: blockers.join('\n'),
    data: { from: agent },
  });
}
