import type { Plan } from './plan.ts';

const members = ['gates', 'agents', 'limits', 'protect', 'done', 'lease'] as const;

/**
 * The members of a plan that only a human changes: gates, agent profiles, ceilings, what is protected, and what counts
 * as done; and tasks that unprotect more than before. An executive edits the rest.
 */
export function humanOnly(before: Plan | undefined, after: Plan): string[] {
  if (before === undefined) return ['first'];
  const found: string[] = members.filter(
    (member) => JSON.stringify(before[member]) !== JSON.stringify(after[member]),
  );
  for (const [id, task] of Object.entries(after.tasks)) {
    const known = before.tasks[id]?.unprotect ?? [];
    if (task.unprotect.some((glob) => !known.includes(glob))) found.push(`tasks.${id}.unprotect`);
    const done = before.tasks[id]?.done;
    if (task.done !== undefined && task.done !== done) found.push(`tasks.${id}.done`);
  }
  return found;
}
