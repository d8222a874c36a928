import { createHash } from 'node:crypto';
import { pullCord } from '../stops/rows.ts';
import type { EventData } from '../store/log/event-data/index.ts';
import type { EventDraft } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';

/** A command of the plan that Andon has run on a change: a gate. */
export interface RanHook {
  readonly project: string;
  readonly task: string;
  readonly gate: string;
  /** The text of the command; null when the plan has none of that name any more. */
  readonly command: string | null;
  readonly timedOut: boolean;
}

const lastEnd = statement(
  'hooks.lastEnd',
  `select data from events where project = $1 and type = 'gate.ended' and data->>'gate' = $3
     and subject in (select 'change/' || id from changes where project = $1 and task = $2) order by seq desc limit 1`,
);

/** The digest of the command that an event keeps, to tell if the next run used the same command. */
export const hookMark = (command: string | null): string | null =>
  command === null ? null : createHash('sha256').update(command).digest('hex').slice(0, 16);

/**
 * Stops a task in yellow whose gate has exceeded its time limit twice in a row: agents would try again all
 * night, and a second time is no accident. Called in the transaction that writes the end, before its event.
 * Only gates count: an agent that makes a gate hang holds up its own task alone, which would not be so with
 * the judge of pushes.
 */
export async function stopAtHook(tx: Tx, hook: RanHook): Promise<readonly EventDraft[]> {
  if (!hook.timedOut || !(await timedOutBefore(tx, hook))) return [];
  const { project, task, gate, command } = hook;
  const shown = (command ?? '').slice(0, 300);
  return pullCord(tx, {
    project,
    colour: 'yellow',
    scope: { kind: 'task', value: task },
    why: `gate ${gate} of ${task} timed out twice in a row: ${shown}`,
    cause: 'hook',
    subject: `task/${task}`,
    by: 'gateway',
  });
}

async function timedOutBefore(session: Session, { project, task, gate, command }: RanHook): Promise<boolean> {
  const [last] = await session.rows<{ data: EventData['gate.ended'] }>(lastEnd, [project, task, gate]);
  return last?.data.timedOut === true && last.data.command === hookMark(command);
}
