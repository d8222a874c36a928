import { createHash } from 'node:crypto';
import { type Reason, reason } from '../lib/decision.ts';
import { durationMs } from '../lib/durations.ts';
import { priorities, usualKind } from '../plan/kinds.ts';
import type { Plan, PlanTask } from '../plan/plan.ts';
import { canonicalJson } from '../store/log/chain.ts';
import { questionReasons } from './questions.ts';
import { isTaskEnd, type TaskState } from './states.ts';

/** The columns of a task that the plan determines. */
export interface TaskColumns {
  readonly id: string;
  readonly title: string;
  /** The sort of work. */
  readonly kind: string;
  readonly description: string;
  readonly acceptance: readonly string[];
  readonly phase: string;
  readonly priority: number;
  readonly position: number;
  readonly write: readonly string[];
  readonly deny: readonly string[];
  readonly requires: readonly string[];
  readonly gates: readonly string[];
  readonly done: 'landed' | 'approved' | 'artefact';
  readonly deadline: string | null;
  readonly expectedMinutes: number | null;
  readonly needs: readonly string[];
}

/** A task as the database holds it. */
export type StoredTask = TaskColumns & {
  readonly state: TaskState;
  /** The trigger that added the task to the plan; null for a task that people or executives planned. */
  readonly madeBy: string | null;
  /** Questions that nobody has answered. */
  readonly openQuestions: number;
};

/** The difference between the stored tasks and a plan. */
export interface PlanDiff {
  readonly added: readonly TaskColumns[];
  readonly changed: readonly { readonly after: TaskColumns; readonly members: readonly string[] }[];
  readonly removed: readonly string[];
  readonly phases: readonly string[];
  readonly hasOtherPhases: boolean;
  /** Reasons why the difference cannot be applied. */
  readonly reasons: readonly Reason[];
}

/** One task of a plan as columns. */
function taskColumns(plan: Plan, id: string, task: PlanTask, position: number): TaskColumns {
  return {
    id,
    title: task.title,
    kind: task.kind ?? usualKind,
    description: task.description ?? '',
    acceptance: task.acceptance ?? [],
    phase: task.phase,
    priority: priorities.indexOf(task.priority),
    position,
    write: task.write,
    deny: task.deny,
    requires: task.requires,
    gates: task.gates,
    done: task.done ?? plan.done,
    deadline: task.deadline === undefined ? null : new Date(task.deadline).toISOString(),
    expectedMinutes: task.expected === undefined ? null : minutes(task.expected),
    needs: [...new Set(task.needs)].sort(),
  };
}

/** The tasks of a plan as a database without work on them holds them. */
export const tasksOf = (plan: Plan): StoredTask[] =>
  Object.entries(plan.tasks).map(([id, task], position) => ({
    ...taskColumns(plan, id, task, position),
    state: 'backlog',
    madeBy: null,
    openQuestions: 0,
  }));

const minutes = (text: string): number => Math.max(1, Math.round(durationMs(text) / 60_000));

/** The hash under which a plan is applied; equal plans have equal hashes. */
export function planHash(plan: Plan): string {
  const known = hashes.get(plan);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(JSON.stringify(plan)).digest('hex');
  hashes.set(plan, hash);
  return hash;
}

// A plan is immutable, and one application asks several times: a large one takes a while.
const hashes = new WeakMap<Plan, string>();

/** Members of a task that no column holds: readers take them from the applied plan. */
const uncolumned = ['unprotect', 'progress'] as const;

// The judge of a push reads protection from the applied plan: a person may open a file for work that has
// begun.
const harmless = new Set([
  'title',
  'kind',
  'description',
  'acceptance',
  'priority',
  'position',
  'deadline',
  'expectedMinutes',
  ...uncolumned,
]);
const running: ReadonlySet<TaskState> = new Set(['in_progress', 'gated']);

/**
 * Adds to a plan those unfinished tasks that triggers added to the plan before: a file that does not know
 * them takes none of them away. `andon task abandon` does.
 */
export function withMadeTasks(plan: Plan, before: Plan | undefined, stored: readonly StoredTask[]): Plan {
  const kept = stored.flatMap(({ id, madeBy, state, phase }): [string, PlanTask][] => {
    if (madeBy === null || isTaskEnd(state) || Object.hasOwn(plan.tasks, id)) return [];
    const task = before?.tasks[id];
    return task === undefined || !plan.phases.includes(phase) ? [] : [[id, task]];
  });
  return kept.length === 0 ? plan : { ...plan, tasks: { ...plan.tasks, ...Object.fromEntries(kept) } };
}

/**
 * The difference between the stored tasks, with the plan that they were stored by, and a plan. Work in
 * progress keeps the columns that it was claimed with.
 */
export function diffPlan(plan: Plan, storedTasks: readonly StoredTask[], planned?: Plan): PlanDiff {
  const stored = new Map(storedTasks.map((task) => [task.id, task]));
  const wanted = Object.entries(plan.tasks).map(([id, task], position) =>
    taskColumns(plan, id, task, position),
  );
  const ids = new Set(wanted.map(({ id }) => id));
  const changed = wanted.flatMap((after) => {
    const before = stored.get(after.id);
    const members =
      before === undefined
        ? []
        : [...differingMembers(before, after), ...differingUncolumned(planned, plan, after.id)];
    return members.length === 0 ? [] : [{ after, members }];
  });
  const removed = storedTasks
    .filter(({ id, state }) => !ids.has(id) && !isTaskEnd(state))
    .map(({ id }) => id);
  return {
    added: wanted.filter(({ id }) => !stored.has(id)),
    changed,
    removed,
    phases: plan.phases,
    hasOtherPhases: planned !== undefined && planned.phases.join(' ') !== plan.phases.join(' '),
    reasons: [
      ...changed.flatMap(({ after, members }) => heldBack(stored.get(after.id), members)),
      ...removed.flatMap((id) => [
        ...heldBack(stored.get(id), ['removed']),
        ...questionReasons(id, stored.get(id)?.openQuestions),
      ]),
    ],
  };
}

function differingMembers(before: StoredTask, after: TaskColumns): string[] {
  const names = Object.keys(after) as (keyof TaskColumns)[];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

function differingUncolumned(before: Plan | undefined, after: Plan, id: string): string[] {
  if (before === undefined || !Object.hasOwn(before.tasks, id)) return [];
  const [was, is] = [before.tasks[id], after.tasks[id]];
  return uncolumned.filter(
    (name) => canonicalJson(was?.[name] ?? null) !== canonicalJson(is?.[name] ?? null),
  );
}

function heldBack(before: StoredTask | undefined, members: readonly string[]): Reason[] {
  if (before === undefined || !running.has(before.state)) return [];
  const blocked = members.filter((member) => !harmless.has(member));
  if (blocked.length === 0) return [];
  return [reason('plan.running', `task/${before.id}`, { found: `${before.state}: ${blocked.join(', ')}` })];
}

/** True when applying the plan would change no task. */
export const isEmptyDiff = (diff: PlanDiff): boolean =>
  diff.added.length === 0 && diff.changed.length === 0 && diff.removed.length === 0;
