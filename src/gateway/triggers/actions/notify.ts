import { allowed, denied, reason } from '../../../lib/decision.ts';
import { spanWords } from '../../../lib/durations.ts';
import { sendMessage } from '../../../messages/messages.ts';
import { statement, type Tx } from '../../../store/store.ts';
import { actionPort, type Firing, type FiringOf } from '../ports.ts';

const holderOf = statement(
  'triggers.holderOf',
  'select holder, title, deadline from tasks where project = $1 and id = $2',
);

interface TaskFacts {
  readonly holder: string | null;
  readonly title: string;
  readonly deadline: Date | null;
}

/** Sends a message to an inbox. When no principal holds the task, executives are told in the place of the holder. */
export const notify = actionPort('notify', {
  needs: 'report:write',
  facts: async (tx: Tx, { row, cause }): Promise<TaskFacts | undefined> => {
    if (cause.task === undefined) return undefined;
    const [task] = await tx.rows<TaskFacts>(holderOf, [row.project, cause.task]);
    return task;
  },
  decide: ({ row, action, cause }, task) =>
    action.recipient === 'holder' && cause.task === undefined
      ? denied(reason('trigger.recipient', `trigger/${row.name}`, { found: 'an event without a task' }))
      : allowed(task),
  make: async (tx, firing, task) => {
    const { row, action, cause, slot } = firing;
    await sendMessage(tx, {
      project: row.project,
      recipient: recipientOf(firing, task),
      kind: cause.step === undefined ? 'note' : 'deadline',
      subject: cause.task === undefined ? `trigger/${row.name}` : `task/${cause.task}`,
      title: titleOf(firing, task),
      body: action.say ?? bodyOf(firing),
      data: { trigger: row.id, slot, event: cause.event ?? null },
    });
    return {};
  },
});

function recipientOf({ action }: FiringOf<'notify'>, task: TaskFacts | undefined): string {
  if (action.recipient !== 'holder') return action.recipient;
  return task?.holder ?? 'tier:executive';
}

function titleOf({ row, cause, now }: Firing, task: TaskFacts | undefined): string {
  if (cause.step === undefined || task?.deadline === null || task === undefined) return `${row.name} fired`;
  const leftMs = task.deadline.getTime() - now.getTime();
  const left = leftMs < 0 ? `${spanWords(-leftMs)} overdue` : `${spanWords(leftMs)} left`;
  return `${cause.task}: ${left} until its deadline`;
}

function bodyOf({ row, slot, cause }: Firing): string {
  if (cause.event !== undefined)
    return `${row.name} fired for ${cause.event.type} of ${cause.event.subject}.`;
  return `${row.name} fired for ${slot}.`;
}
