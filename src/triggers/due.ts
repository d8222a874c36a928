import { durationMs } from '../lib/durations.ts';
import { countSlots, latestSlots, nextSlot, type Slot, slotName, type Timed } from '../schedule/slots.ts';

/** Treatment of slots that were not fired in time. */
export interface MisfirePolicy {
  readonly misfire: 'skip' | 'once' | 'all';
  /** Number of slots to make up for under `all`, the latest ones. */
  readonly most: number;
  /** Age beyond which slots are never made up for. */
  readonly catchUpMs: number;
}

/** A trigger of times that waits for a slot. */
export interface Armed {
  readonly timed: Timed;
  readonly policy: MisfirePolicy;
  /** The slot that the trigger waits for. */
  readonly next: Slot;
}

/** A slot that is to be fired at once. */
export interface DueSlot {
  readonly slot: string;
  readonly atMs: number;
}

/** The due slots of one trigger. */
export interface Due {
  readonly id: string;
  readonly slots: readonly DueSlot[];
  /** Number of passed slots that are not made up for. */
  readonly missed: number;
  /** The slot that the trigger waits for from here on; undefined when none comes any more. */
  readonly next: Slot | undefined;
}

/**
 * Time within which a slot counts as fired in time: gateways tick every second and may be busy. Never longer
 * than one interval of the trigger, or all slots of a downtime would be on time together.
 */
export const graceMs = 60_000;
const onTimeMax = 100;

/** The due slots of triggers at an instant. Pure: bounded by the policies, however long no gateway looked. */
export function due(triggers: readonly Armed[], nowMs: number): Due[] {
  return triggers.filter(({ next }) => next.atMs <= nowMs).map((trigger) => dueOf(trigger, nowMs));
}

function dueOf({ timed, policy, next }: Armed, nowMs: number): Due {
  // Just before the slot that the trigger waits for.
  const before = next.slotMs - 1;
  const last = lastDue(timed, next, nowMs);
  const total = countSlots(timed, before, last);
  const fired = chosen(timed, policy, { before, last, nowMs });
  return {
    id: timed.id,
    slots: fired.map(({ slotMs, atMs }) => ({ slot: slotName(slotMs), atMs })),
    missed: total - fired.length,
    next: nextSlot(timed, last),
  };
}

/** The latest slot whose time has come; with jitter the newest may still have to wait. */
function lastDue(timed: Timed, next: Slot, nowMs: number): number {
  const newest = latestSlots(timed, next.slotMs - 1, nowMs, 2);
  const come = newest.filter(({ atMs }) => atMs <= nowMs);
  return Math.max(next.slotMs, come.at(-1)?.slotMs ?? 0);
}

/** The time from a slot to the next; infinite for the last one. */
const intervalMs = (timed: Timed, slotMs: number): number =>
  (nextSlot(timed, slotMs)?.slotMs ?? Number.POSITIVE_INFINITY) - slotMs;

interface Span {
  readonly before: number;
  readonly last: number;
  readonly nowMs: number;
}

function chosen(timed: Timed, { misfire, most, catchUpMs }: MisfirePolicy, span: Span): Slot[] {
  const { before, last, nowMs } = span;
  // A slot is due at its time plus the jitter, and named by the time without.
  const jitterMs = durationMs(timed.jitter ?? '0s');
  const within = (ms: number, count: number): Slot[] => {
    const from = Math.max(before, nowMs - ms - jitterMs - 1);
    return latestSlots(timed, from, last, count).filter(({ atMs }) => atMs >= nowMs - ms);
  };
  const onTime = within(Math.min(graceMs, intervalMs(timed, last) - 1), onTimeMax);
  if (misfire === 'skip') return onTime;
  if (misfire === 'once') return onTime.length > 0 ? onTime : within(catchUpMs, 1);
  const all = within(catchUpMs, most);
  return all.length > onTime.length ? all : onTime;
}
