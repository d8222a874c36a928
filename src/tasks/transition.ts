import { moveParts, moveStatement, oneMoved } from '../store/move.ts';
import type { Statement, Tx } from '../store/store.ts';
import type { ChangeRow, TaskRow } from './rows.ts';
import {
  type ChangeAfter,
  type ChangeBefore,
  type ChangeEvent,
  changeMoves,
  type TaskBefore,
  type TaskEvent,
  type TaskState,
  taskMoves,
} from './states.ts';

/**
 * The columns of a move. A state keeps the time of its beginning while an event leaves it unchanged. The
 * lease ends with `in_progress`.
 */
function taskParts(event: TaskEvent) {
  const { from, to } = taskMoves[event];
  const before: readonly TaskState[] = from;
  const stays = before.every((state) => state === to);
  const endsLease = before.includes('in_progress') && to !== 'in_progress';
  return moveParts({ from, to }, [
    // One look at the clock, however many tasks move.
    ...(stays ? [] : ['state_at = (select andon_now())']),
    ...(endsLease ? ['holder = null', 'holder_gid = null', 'lease_until = null'] : []),
  ]);
}

/** A statement that moves tasks by an event: many at once, or one of which it writes more than the state. */
export const movesTasks = (
  name: string,
  event: TaskEvent,
  text: Parameters<typeof moveStatement>[2],
): Statement => moveStatement(name, taskParts(event), text);

const taskMove = (event: TaskEvent): Statement =>
  movesTasks(`task.${event}`, event, ({ set, from }) =>
    oneMoved(`update tasks set ${set} where project = $1 and id = $2 and state ${from}`, `task.${event}`),
  );

const taskStatements = {
  release: taskMove('release'),
  submit: taskMove('submit'),
  refuse: taskMove('refuse'),
  finish: taskMove('finish'),
  abandon: taskMove('abandon'),
} as const;

/** Events that write only the state of a single task. */
type PlainEvent = keyof typeof taskStatements;

/**
 * Moves a task that the transaction holds locked. The type of the task ensures that the table lists the move;
 * the statement checks it again.
 */
export function moveTask<Event extends PlainEvent>(
  tx: Tx,
  task: Pick<TaskRow, 'project' | 'id'> & { readonly state: TaskBefore<Event> },
  event: Event,
): void {
  tx.later(taskStatements[event], [task.project, task.id]);
}

const changeStatement = (event: ChangeEvent): Statement =>
  moveStatement(
    `change.${event}`,
    moveParts(changeMoves[event], ['state_at = andon_now()', 'note = coalesce($2, note)']),
    ({ set, from }) =>
      oneMoved(`update changes set ${set} where id = $1 and state ${from}`, `change.${event}`),
  );

const changeStatements: Readonly<Record<ChangeEvent, Statement>> = {
  gatesPassed: changeStatement('gatesPassed'),
  gateFailed: changeStatement('gateFailed'),
  gateVoided: changeStatement('gateVoided'),
  approve: changeStatement('approve'),
  reject: changeStatement('reject'),
  intend: changeStatement('intend'),
  land: changeStatement('land'),
  void: changeStatement('void'),
  rebuild: changeStatement('rebuild'),
  conflict: changeStatement('conflict'),
  withdraw: changeStatement('withdraw'),
  accept: changeStatement('accept'),
};

/** Moves a change that the transaction holds locked, and answers the state that follows. */
export function moveChange<Event extends ChangeEvent>(
  tx: Tx,
  change: Pick<ChangeRow, 'id'> & { readonly state: ChangeBefore<Event> },
  event: Event,
  note?: string,
): ChangeAfter<Event> {
  tx.later(changeStatements[event], [change.id, note ?? null]);
  return changeMoves[event].to;
}
