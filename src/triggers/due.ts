import { durationMs } from '../lib/durations.ts';
import { countSlots, latestSlots, nextSlot, type Slot, slotName, type Timed } from '../schedule/slots.ts';

/** How slots that nobody fired in time are treated. */
export interface MisfirePolicy {
  readonly misfire: 'skip' | 'once' | 'all';
  /** With `all`: the latest so many. */
  readonly most: number;
  /** What is older than this is never made up for. */
  readonly catchUpMs: number;
}

/** A trigger of times that waits for a slot. */
export interface Armed {
  readonly timed: Timed;
  readonly policy: MisfirePolicy;
  /** The slot that it waits for. */
  readonly next: Slot;
}

/** A slot that is to be fired now. */
export interface DueSlot {
  readonly slot: string;
  readonly atMs: number;
}

/** What has become due of one trigger. */
export interface Due {
  readonly id: string;
  readonly slots: readonly DueSlot[];
  /** How many slots passed that are not made up for. */
  readonly missed: number;
  /** What it waits for now; undefined when nothing comes any more. */
  readonly next: Slot | undefined;
}

/**
 * A slot that is fired within this time is no misfire: gateways tick every second and may be busy. Never longer than one interval of the
 * trigger, or all slots of a downtime would be on time together.
 */
export const graceMs = 60_000;
const onTimeMax = 100;

/** What is due of triggers at an instant. Pure: bounded by the policies, however long nobody looked. */
export function due(triggers: readonly Armed[], nowMs: number): Due[] {
  return triggers.filter(({ next }) => next.atMs <= nowMs).map((trigger) => dueOf(trigger, nowMs));
}

function dueOf({ timed, policy, next }: Armed, nowMs: number): Due {
  // The slot before the one that it waits for.
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

/** The time from a slot to the next; without end for the last one. */
const intervalMs = (timed: Timed, slotMs: number): number =>
  (nextSlot(timed, slotMs)?.slotMs ?? Number.POSITIVE_INFINITY) - slotMs;

interface Span {
  readonly before: number;
  readonly last: number;
  readonly nowMs: number;
}

function chosen(timed: Timed, { misfire, most, catchUpMs }: MisfirePolicy, span: Span): Slot[] {
  const { before, last, nowMs } = span;
  // A slot is late by its time, jitter included, and named by the time without.
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
