import { createHash } from 'node:crypto';
import { durationMs } from '../lib/durations.ts';
import { countCron, nextCron, previousCron } from './cron.ts';

/** The times of a trigger: a cron expression, or an interval with jitter. `id` seeds the jitter. */
export interface Timed {
  readonly id: string;
  readonly cron?: string | undefined;
  readonly zone?: string | undefined;
  readonly every?: string | undefined;
  readonly jitter?: string | undefined;
}

/** A time at which a trigger fires once: `slotMs` names it, `atMs` is later by the jitter. Milliseconds since 1970. */
export interface Slot {
  readonly slotMs: number;
  readonly atMs: number;
}

/** The first slot after a past one; intervals count from 1970, so that every gateway and every restart agrees. */
export function nextSlot(timed: Timed, afterMs: number): Slot | undefined {
  const slotMs = timed.every === undefined ? nextCron(cronOf(timed), afterMs) : nextMultiple(timed, afterMs);
  return slotMs === undefined ? undefined : { slotMs, atMs: slotMs + jitterMs(timed, slotMs) };
}

/** The next slots, for people who check a trigger before they arm it. */
export function nextSlots(timed: Timed, afterMs: number, count: number): Slot[] {
  const found: Slot[] = [];
  for (let slot = nextSlot(timed, afterMs); slot !== undefined; slot = nextSlot(timed, slot.slotMs)) {
    found.push(slot);
    if (found.length >= count) break;
  }
  return found;
}

/** Counts the slots after one instant up to and including another, without walking through them. */
export function countSlots(timed: Timed, afterMs: number, untilMs: number): number {
  if (untilMs <= afterMs) return 0;
  if (timed.every === undefined) return countCron(cronOf(timed), afterMs, untilMs);
  const everyMs = durationMs(timed.every);
  return Math.floor(untilMs / everyMs) - Math.floor(afterMs / everyMs);
}

/** The latest slots, at most `most` of them, that lie after one instant and up to another, oldest first. */
export function latestSlots(timed: Timed, afterMs: number, untilMs: number, most: number): Slot[] {
  const found: Slot[] = [];
  for (
    let at = slotBefore(timed, untilMs + 1);
    at !== undefined && at > afterMs;
    at = slotBefore(timed, at)
  ) {
    if (found.length >= most) break;
    found.unshift({ slotMs: at, atMs: at + jitterMs(timed, at) });
  }
  return found;
}

const slotBefore = (timed: Timed, beforeMs: number): number | undefined =>
  timed.every === undefined
    ? previousCron(cronOf(timed), beforeMs)
    : (Math.ceil(beforeMs / durationMs(timed.every)) - 1) * durationMs(timed.every);

/** The name of a slot in history: the time that it stands for. */
export const slotName = (slotMs: number): string => new Date(slotMs).toISOString();

const cronOf = ({ cron = '', zone = 'UTC' }: Timed) => ({ expression: cron, zone });

function nextMultiple({ every = '' }: Timed, afterMs: number): number {
  const everyMs = durationMs(every);
  return (Math.floor(afterMs / everyMs) + 1) * everyMs;
}

/** A delay between 0 and the jitter, equal for one trigger and slot on every machine. */
function jitterMs({ id, jitter }: Timed, slotMs: number): number {
  const mostMs = jitter === undefined ? 0 : durationMs(jitter);
  if (mostMs === 0) return 0;
  const hash = createHash('sha256').update(`${id} ${slotMs}`).digest();
  return hash.readUInt32BE(0) % mostMs;
}
