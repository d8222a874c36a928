import { isLeft } from '../../runs/next-step.ts';
import type { Judged } from '../../runs/outcome.ts';
import type { RunRow } from '../../runs/rows.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { TaskState } from '../../tasks/states.ts';
import type { Retried } from './retry-run.ts';

const taskState = statement('runs.stateOfTask', 'select state from tasks where project = $1 and id = $2');

async function taskStateOf(tx: Tx, { project, task }: RunRow): Promise<TaskState | undefined> {
  if (task === null) return undefined;
  const [row] = await tx.rows<{ state: TaskState }>(taskState, [project, task]);
  return row?.state;
}

/** States in which a task goes on, or has ended, without another attempt, in words. */
const settledWords: Partial<Record<TaskState, string>> = {
  gated: 'its change goes on by itself',
  done: 'it is done',
  abandoned: 'it was abandoned',
};

/**
 * The message to the principals who have to know more than the outcome: that nothing more happens by itself,
 * or that attempts keep failing. Undefined when all is well, and for a first failure that another attempt
 * follows.
 */
export async function followsText(
  tx: Tx,
  run: RunRow,
  judged: Judged,
  retried: Retried | undefined,
): Promise<string | undefined> {
  const { attempt, launch, task } = run;
  const attempts = `attempt ${attempt} of ${launch.profile.retries + 1}`;
  if (retried !== undefined)
    return attempt < 2
      ? undefined
      : `It was ${attempts}; the next begins in ${Math.ceil(retried.delayMs / 1000)} s.`;
  if (!isLeft(judged)) return undefined;
  const state = run.change === null ? await taskStateOf(tx, run) : undefined;
  const settled = state === undefined ? undefined : settledWords[state];
  return settled === undefined
    ? `It was ${attempts}, and no other is made by itself: ${workOf(run)} waits for somebody (${spawnAgain(run)}).`
    : `It was ${attempts}, and no other is needed for task ${task}: ${settled}.`;
}

function workOf({ task, change }: RunRow): string {
  if (change !== null) return `the judgement of change ${change}`;
  return task === null ? 'its work' : `task ${task}`;
}

const spawnAgain = ({ profile, task, change }: RunRow): string =>
  `andon agent spawn ${profile}${task === null ? '' : ` --task ${task}`}${change === null ? '' : ` --change ${change}`}`;
