import { durationMs } from '../lib/durations.ts';
import type { PlanTrigger } from '../plan/triggers.ts';
import { slotName } from '../schedule/slots.ts';

/** A task that is not done and has a deadline. */
export interface DeadlineTask {
  readonly task: string;
  readonly deadlineMs: number;
}

/** A step before the deadline of a task. */
export interface DeadlineSlot {
  /** `task/before/deadline`: a deadline that moves has new slots. */
  readonly slot: string;
  readonly atMs: number;
  readonly task: string;
  /** Number of the step in the trigger. */
  readonly step: number;
}

/** The due and missed steps of deadlines. */
export interface DueDeadlines {
  readonly slots: readonly DeadlineSlot[];
  /** Steps that passed unfired and that a later step, or time, has made void. */
  readonly missed: readonly DeadlineSlot[];
  /** Time of the next step in milliseconds since 1970; undefined when none is left. */
  readonly nextAtMs: number | undefined;
}

/**
 * The due steps of a ladder of deadlines. When several steps of one task passed together, only the last is
 * fired: a task six hours late needs no reminder of the day before. Pure.
 */
export function dueDeadlines(
  steps: NonNullable<PlanTrigger['deadline']>,
  tasks: readonly DeadlineTask[],
  isFired: (slot: string) => boolean,
  times: { readonly nowMs: number; readonly catchUpMs: number },
): DueDeadlines {
  const slots: DeadlineSlot[] = [];
  const missed: DeadlineSlot[] = [];
  let nextAtMs: number | undefined;
  for (const task of tasks) {
    const all = slotsOf(steps, task);
    const coming = all.find(({ atMs }) => atMs > times.nowMs);
    if (coming !== undefined) nextAtMs = Math.min(coming.atMs, nextAtMs ?? coming.atMs);
    const passed = all.filter(({ atMs }) => atMs <= times.nowMs);
    const open = passed.filter(({ slot }) => !isFired(slot));
    const last = passed.at(-1);
    for (const slot of open) {
      const timely = slot === last && slot.atMs >= times.nowMs - times.catchUpMs;
      (timely ? slots : missed).push(slot);
    }
  }
  return { slots, missed, nextAtMs };
}

/** The slots of one task in the order of time. */
function slotsOf(
  steps: NonNullable<PlanTrigger['deadline']>,
  { task, deadlineMs }: DeadlineTask,
): DeadlineSlot[] {
  const all = steps.map(({ before }, step) => ({
    slot: `${task}/${before}/${slotName(deadlineMs)}`,
    atMs: deadlineMs - durationMs(before),
    task,
    step,
  }));
  return all.sort((a, b) => a.atMs - b.atMs);
}
