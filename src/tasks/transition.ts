import { statement, type Tx } from '../store/store.ts';
import type { ChangeEvent, ChangeState, TaskState } from './states.ts';
import { changeAfter } from './states.ts';

const setTask = statement(
  'task.setState',
  `update tasks set state = $3, state_at = andon_now(), holder = case when $3 = 'in_progress' then holder end,
     holder_gid = case when $3 = 'in_progress' then holder_gid end, lease_until = case when $3 = 'in_progress' then lease_until end
   where project = $1 and id = $2`,
);

/** Writes a state that the transition table allowed. Leases end with `in_progress`. */
export function setTaskState(tx: Tx, project: string, task: string, state: TaskState): void {
  tx.later(setTask, [project, task, state]);
}

const setChange = statement(
  'change.setState',
  'update changes set state = $2, state_at = andon_now(), note = coalesce($3, note) where id = $1',
);

/** Moves a change along its table. Errors: a pair that the table refuses is a defect of the caller. */
export async function moveChange(
  tx: Tx,
  change: { id: string; state: ChangeState },
  event: ChangeEvent,
  note?: string,
): Promise<ChangeState> {
  const state = changeAfter(change.state, event);
  if (state === null) throw new Error(`change ${change.id}: ${event} in ${change.state}`);
  await tx.rows(setChange, [change.id, state, note ?? null]);
  return state;
}
