import { type EventDraft, event, gatewayEvent } from '../store/log/events.ts';
import type { Tx } from '../store/store.ts';
import { endAttempt } from '../tasks/attempts.ts';
import { advanceReadiness } from '../tasks/readiness.ts';
import { type ChangeRow, lockTask } from '../tasks/rows.ts';
import { type ChangeBefore, taskMay } from '../tasks/states.ts';
import { moveChange, moveTask } from '../tasks/transition.ts';
import { enterQueue } from './queue/entries.ts';

/**
 * Approves a change. A task whose done state is `approved` ends here; a task that an artefact completes has
 * nothing to land and ends here too. When a task may end, the caller holds the project's exclusive lock:
 * phases may open.
 */
export async function approve(
  tx: Tx,
  change: ChangeRow & { readonly state: ChangeBefore<'approve'> },
): Promise<EventDraft[]> {
  const state = moveChange(tx, change, 'approve');
  const said = event('change.approved', `change/${change.id}`, { task: change.task, tree: change.tree });
  const approved = gatewayEvent(change.project, said);
  // The merge of main with the upstream has a way of its own to main.
  if (change.kind === 'sync') return [approved];
  const task = await lockTask(tx, change.project, change.task);
  if (task?.done !== 'artefact') enterQueue(tx, change);
  if (task === undefined || task.done === 'landed') return [approved];
  if (task.done === 'artefact') moveChange(tx, { id: change.id, state }, 'accept');
  return [approved, ...(await finishTask(tx, change))];
}

/** Ends the gated task of a change as done, and readies what waited for it. */
export async function finishTask(
  tx: Tx,
  { project, task: id, epoch, author: agent }: ChangeRow,
): Promise<EventDraft[]> {
  const task = await lockTask(tx, project, id);
  if (task === undefined || !taskMay(task, 'finish')) return [];
  moveTask(tx, task, 'finish');
  await endAttempt(tx, { project, task: id, epoch, agent, outcome: task.done, reasons: [] });
  const done = gatewayEvent(project, event('task.done', `task/${id}`, { done: task.done }));
  return [done, ...(await advanceReadiness(tx, project))];
}
