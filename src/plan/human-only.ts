import { protectionOf } from '../policies/protected/protection.ts';
import { canonicalJson } from '../store/log/chain.ts';
import type { Plan, PlanTask } from './plan.ts';
import { needsPerson } from './trigger-check.ts';

const members = [
  'gates',
  'agents',
  'models',
  'limits',
  'checks',
  'done',
  'lease',
  'landing',
  'upstream',
] as const;

/**
 * The changed members of a plan that only a human may change: gates, agent profiles and models, ceilings,
 * protected files, the way of landing, and the definition of done; triggers that start agents or reach outside; and tasks that
 * come to unprotect more, pass fewer gates or count as done sooner. An executive edits the rest. Compared in
 * canonical form: a plan from the database has its members in another order.
 */
export function humanOnly(before: Plan | undefined, after: Plan): string[] {
  if (before === undefined) return ['first'];
  const found: string[] = members.filter(
    (member) => canonicalJson(before[member] ?? null) !== canonicalJson(after[member] ?? null),
  );
  if (!protectsTheSame(before.protect, after.protect)) found.push('protect');
  for (const [id, task] of Object.entries(after.tasks)) {
    const known = Object.hasOwn(before.tasks, id) ? before.tasks[id] : undefined;
    found.push(...loosened(before, known, after, task).map((member) => `tasks.${id}.${member}`));
  }
  return [...found, ...reachingOut(before, after)];
}

/** Triggers that start agents or reach outside, and that are new or changed. */
function reachingOut({ triggers: before = {} }: Plan, { triggers: after = {} }: Plan): string[] {
  const changed = Object.entries(after).filter(([name, trigger]) => {
    const known = Object.hasOwn(before, name) ? before[name] : undefined;
    return canonicalJson(known ?? null) !== canonicalJson(trigger) && needsPerson(trigger);
  });
  return changed.map(([name]) => `triggers.${name}`);
}

/**
 * True when two lists protect the same files together with the table of tools: plans of earlier versions name
 * files that the table holds since.
 */
function protectsTheSame(before: readonly string[], after: readonly string[]): boolean {
  const table = protectionOf({ protect: [], unprotect: [] });
  const own = (list: readonly string[]): string =>
    canonicalJson([...new Set(list.filter((glob) => table.closes(glob) === undefined))].sort());
  return own(before) === own(after);
}

function loosened(before: Plan, known: PlanTask | undefined, after: Plan, task: PlanTask): string[] {
  const found: string[] = [];
  if (task.unprotect.some((glob) => known?.unprotect.includes(glob) !== true)) found.push('unprotect');
  if ((known?.done ?? before.done) !== (task.done ?? after.done)) found.push('done');
  if (known?.gates.some((gate) => !task.gates.includes(gate)) === true) found.push('gates');
  return found;
}
