import { type CronFields, cronFields } from './cron-fields.ts';
import { type Stretch, stretches } from './zone.ts';

/**
 * Independent arithmetic to compare `src/schedule` with. Times of a cron expression in a zone. node-cron
 * reads the expression; the times are worked out here, because node-cron 4.6 counts from the clock of the
 * process only, drops times in the hour that is left out in spring, and leaves out the hour that is repeated
 * in autumn. The rule is that of Vixie cron: a fixed time happens once a day, at the first of two, or when
 * the gap ends; a time with a `*` or a step follows the time that passes.
 */
export interface Cron {
  readonly expression: string;
  /** A name of the IANA database. */
  readonly zone: string;
}

const dayMs = 86_400_000;
/** 29 February on a given weekday comes back after 40 years at most (2100 has none). */
const yearsMax = 45;

/** The first time after an instant, in milliseconds; undefined when there is none within 45 years. Bounded work. */
export function nextCron({ expression, zone }: Cron, afterMs: number): number | undefined {
  const fields = cronFields(expression);
  for (const day of daysFrom(fields, zone, afterMs)) {
    const found = firstOfDay(fields, zone, day, afterMs);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Counts the times after one instant up to and including another. Works by days, not by times. */
export function countCron({ expression, zone }: Cron, afterMs: number, untilMs: number): number {
  const fields = cronFields(expression);
  let count = 0;
  for (const day of daysFrom(fields, zone, afterMs)) {
    if (day - dayMs > untilMs) break;
    for (const part of partsOfDay(fields, zone, day)) count += countOfPart(fields, part, afterMs, untilMs);
  }
  return count;
}

/** Midnights (as if local time were UTC) of the days on which the expression holds, from the local day of an instant on. */
function* daysFrom(fields: CronFields, zone: string, afterMs: number): Generator<number> {
  const offsetMs = stretches(zone, floorSecond(afterMs), floorSecond(afterMs) + 1000)[0]?.offsetMs ?? 0;
  const first = new Date(afterMs + offsetMs);
  const lastYear = first.getUTCFullYear() + yearsMax;
  let [year, month, day] = [first.getUTCFullYear(), first.getUTCMonth() + 1, first.getUTCDate()];
  while (year <= lastYear) {
    const days = fields.months.includes(month) ? new Date(Date.UTC(year, month, 0)).getUTCDate() : 0;
    for (; day <= days; day++) if (fields.onDay(year, month, day)) yield Date.UTC(year, month - 1, day);
    [year, month, day] = month === 12 ? [year + 1, 1, 1] : [year, month + 1, 1];
  }
}

const floorSecond = (atMs: number): number => Math.floor(atMs / 1000) * 1000;

/** A part of a local day: seconds of the day from and until (excluded), and the number to add to get to UTC. */
interface Part {
  readonly from: number;
  readonly until: number;
  readonly utcOfMidnightMs: number;
  /** Times that clocks leave out and that happen when the gap ends, in UTC. */
  readonly lateMs?: number;
}

/**
 * The parts of a local day in the order of time: one, two on days on which clocks are set, three with times
 * that a gap has put off.
 */
function partsOfDay(fields: CronFields, zone: string, day: number): Part[] {
  // Offsets reach from -12 to +14 hours.
  const around = stretches(zone, day - 14 * 3_600_000, day + dayMs + 12 * 3_600_000);
  const [before, after] = around;
  const parts = around.map((stretch) => partOf(stretch, day));
  if (before === undefined || after === undefined || !fields.fixed) return parts.filter(isThere);
  const [one, other] = parts as [Part, Part];
  const leftMs = after.offsetMs - before.offsetMs;
  // Clocks were set back: times of the first part are not repeated.
  if (leftMs < 0) return [one, { ...other, from: Math.max(other.from, one.until) }].filter(isThere);
  return [one, gapOf(day, before, after), other].filter(isThere);
}

const isThere = ({ from, until }: Part): boolean => from < until;

function partOf({ fromMs, untilMs, offsetMs }: Stretch, day: number): Part {
  return {
    from: secondOfDay(fromMs + offsetMs - day),
    until: secondOfDay(untilMs + offsetMs - day),
    utcOfMidnightMs: day - offsetMs,
  };
}

function gapOf(day: number, before: Stretch, after: Stretch): Part {
  return {
    from: secondOfDay(before.untilMs + before.offsetMs - day),
    until: secondOfDay(after.fromMs + after.offsetMs - day),
    utcOfMidnightMs: day - after.offsetMs,
    lateMs: after.fromMs,
  };
}

const secondOfDay = (ms: number): number => Math.min(dayMs, Math.max(0, ms)) / 1000;

function firstOfDay(fields: CronFields, zone: string, day: number, afterMs: number): number | undefined {
  for (const part of partsOfDay(fields, zone, day)) {
    const lowest = Math.max(part.from, Math.floor((afterMs - part.utcOfMidnightMs) / 1000) + 1);
    const second = firstTime(fields, part.lateMs === undefined ? lowest : part.from);
    if (second === undefined || second >= part.until) continue;
    const foundMs = part.lateMs ?? part.utcOfMidnightMs + second * 1000;
    if (foundMs > afterMs) return foundMs;
  }
  return undefined;
}

/** The first time of day, in seconds, that is not before `lowest`. */
function firstTime({ hours, minutes, seconds }: CronFields, lowest: number): number | undefined {
  for (const hour of hours) {
    if (hour * 3600 + 3599 < lowest) continue;
    for (const minute of minutes) {
      const base = hour * 3600 + minute * 60;
      if (base + 59 < lowest) continue;
      for (const second of seconds) if (base + second >= lowest) return base + second;
    }
  }
  return undefined;
}

function countOfPart(fields: CronFields, part: Part, afterMs: number, untilMs: number): number {
  const { from, until, utcOfMidnightMs, lateMs } = part;
  if (lateMs !== undefined) {
    const second = firstTime(fields, from);
    const falls = second !== undefined && second < until && lateMs > afterMs && lateMs <= untilMs;
    // A time that is due at the end of the gap anyway is one time with the one that was put off.
    return falls && firstTime(fields, until) !== until ? 1 : 0;
  }
  const lowest = Math.max(from, Math.floor((afterMs - utcOfMidnightMs) / 1000) + 1);
  const highest = Math.min(until, Math.floor((untilMs - utcOfMidnightMs) / 1000) + 1);
  return highest <= lowest ? 0 : timesBelow(fields, highest) - timesBelow(fields, lowest);
}

/** Number of times of day that lie before a second of it. */
function timesBelow({ hours, minutes, seconds }: CronFields, limit: number): number {
  const [hour, minute, second] = [
    Math.floor(limit / 3600),
    Math.floor((limit % 3600) / 60),
    Math.floor(limit % 60),
  ];
  const below = (values: readonly number[], value: number): number =>
    values.filter((one) => one < value).length;
  let count = below(hours, hour) * minutes.length * seconds.length;
  if (!hours.includes(hour)) return count;
  count += below(minutes, minute) * seconds.length;
  return minutes.includes(minute) ? count + below(seconds, second) : count;
}
