import { protectionOf } from '../../policies/protected/protection.ts';
import type { Plan, PlanTask } from '../plan.ts';
import { type GuardChange, gained, own, same } from './guard-change.ts';
import { isWider } from './scopes.ts';

/** States that count as done, the one that asks for most first. */
const ends = ['landed', 'approved', 'artefact'];

const endsSooner = (before: string | undefined, after: string | undefined): boolean =>
  ends.indexOf(after ?? '') > ends.indexOf(before ?? '');

/** The change of what counts as done in the whole project. */
export const doneChanges = (before: Plan, after: Plan): GuardChange[] =>
  before.done === after.done
    ? []
    : [
        {
          where: 'done',
          member: 'done',
          before: before.done,
          after: after.done,
          weakens: endsSooner(before.done, after.done),
        },
      ];

/** Changed entries of `protect`; an entry that the table of tools closes by itself protects nothing. */
export function protectChanges(before: Plan, after: Plan): GuardChange[] {
  const table = protectionOf({ protect: [], unprotect: [] });
  const counts = (entry: unknown): boolean => table.closes(String(entry)) === undefined;
  const line = (entry: unknown, isNew: boolean): GuardChange => ({
    where: 'protect',
    member: 'protect',
    before: isNew ? undefined : entry,
    after: isNew ? entry : undefined,
    weakens: !isNew && isWider(after.protect, [String(entry)]),
  });
  return [
    ...gained(after.protect, before.protect)
      .filter(counts)
      .map((entry) => line(entry, false)),
    ...gained(before.protect, after.protect)
      .filter(counts)
      .map((entry) => line(entry, true)),
  ];
}

/** Changed guards of single tasks: gates that a task passes, files that it may open, the state that counts as done. */
export const taskChanges = (before: Plan, after: Plan): GuardChange[] =>
  Object.entries(after.tasks).flatMap(([id, task]) => ofTask(before, after, id, task));

function ofTask(before: Plan, after: Plan, id: string, task: PlanTask): GuardChange[] {
  const known = own(before.tasks, id);
  const line = (name: string, was: unknown, is: unknown, weakens: boolean): GuardChange[] =>
    same(was, is)
      ? []
      : [{ where: `tasks.${id}.${name}`, member: `tasks.${id}.${name}`, before: was, after: is, weakens }];
  const opens = gained(known?.unprotect, task.unprotect).length > 0;
  return [
    ...line('unprotect', known?.unprotect ?? [], task.unprotect, opens),
    ...(known === undefined
      ? []
      : line('gates', known.gates, task.gates, gained(task.gates, known.gates).length > 0)),
    ...doneLine(before, after, known, task, line),
  ];
}

/** The line on the done state of a task; silent where the project's state changed, and the task names none. */
function doneLine(
  before: Plan,
  after: Plan,
  known: PlanTask | undefined,
  task: PlanTask,
  line: (name: string, was: unknown, is: unknown, weakens: boolean) => GuardChange[],
): GuardChange[] {
  if (known?.done === undefined && task.done === undefined) return [];
  const [was, is] = [known?.done ?? before.done, task.done ?? after.done];
  return line('done', was, is, endsSooner(was, is));
}
