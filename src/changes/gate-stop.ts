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

/** What an event keeps of the command, to tell whether it was the same the next time. */
export const hookMark = (command: string | null): string | null =>
  command === null ? null : createHash('sha256').update(command).digest('hex').slice(0, 16);

/**
 * Turns a task yellow whose gate has run into its time limit twice in a row: agents would try again all night, and the
 * second time it is not an accident. Called in the transaction that writes the end, before its event is there. Only gates
 * count: who makes one hang holds up no task but their own, which would not be so with the judge of pushes.
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
