import { Cron as Croner } from 'croner';
import { LRUCache } from 'lru-cache';
import { type CronFields, cronFields } from './cron-fields.ts';
import { cronerPatterns } from './croner-patterns.ts';
import { zoneOffsetMs } from './zone.ts';

/**
 * Times of a cron expression in a zone. node-cron reads the expression, croner works out its times, always
 * from a given instant: neither runs a job, so no timer starts and no answer depends on the clock. The rule
 * is that of Vixie cron: a fixed time happens once a day, at the first of two, or when the gap ends; a time
 * with a `*` or a step follows the time that passes.
 */
export interface Cron {
  readonly expression: string;
  /** Name of a zone in the IANA database. */
  readonly zone: string;
}

interface Compiled {
  readonly fields: CronFields;
  /** Patterns that together give the times; no two of them have a time in common. */
  readonly parts: readonly Croner[];
}

// Each entry holds a table of years: some 100 kB.
const known = new LRUCache<string, Compiled>({ max: 100 });
/** 29 February on a given weekday comes back after 40 years at most (2100 has none). */
const yearsMax = 45;

/** The first time after an instant, in milliseconds; undefined when there is none within 45 years. */
export function nextCron(cron: Cron, afterMs: number): number | undefined {
  const { parts } = compiled(cron);
  return least(parts.map((part) => nextOf(part, afterMs)));
}

/** The last time before an instant, in milliseconds; undefined when there was none within 45 years. */
export function previousCron(cron: Cron, beforeMs: number): number | undefined {
  const before = new Date(beforeMs);
  const found = compiled(cron).parts.map((part) => part.previousRuns(1, before)[0]?.getTime());
  const latest = least(found.map((at) => (at === undefined ? at : -at)));
  return latest === undefined || yearOf(beforeMs) - yearOf(-latest) > yearsMax ? undefined : -latest;
}

/** Counts the times after one instant up to and including another. Works by days, not by times. */
export function countCron(cron: Cron, afterMs: number, untilMs: number): number {
  const { fields, parts } = compiled(cron);
  const blocks = blocksOf(fields);
  let count = 0;
  for (const part of parts) {
    let at = nextOf(part, afterMs);
    while (at !== undefined && at <= untilMs) {
      const { times, endMs } = longestAt(blocks, cron.zone, at, untilMs);
      count += times;
      at = nextOf(part, endMs);
    }
  }
  return count;
}

function compiled({ expression, zone }: Cron): Compiled {
  const key = `${zone} ${expression}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const fields = cronFields(expression);
  const options = { timezone: zone, paused: true, domAndDow: true, fixedTimeRule: 'no-wildcard' } as const;
  const parts = cronerPatterns(fields).map((pattern) => new Croner(pattern, { ...options }));
  known.set(key, { fields, parts });
  return { fields, parts };
}

function nextOf(part: Croner, afterMs: number): number | undefined {
  const next = part.nextRun(new Date(afterMs))?.getTime();
  return next === undefined || yearOf(next) - yearOf(afterMs) > yearsMax ? undefined : next;
}

const yearOf = (ms: number): number => new Date(ms).getUTCFullYear();

const least = (values: readonly (number | undefined)[]): number | undefined =>
  values.reduce((one, other) => (one === undefined || (other ?? one) < one ? other : one), undefined);

/** Times that belong together: those of a day, of an hour, of a minute. In seconds. */
interface Block {
  /** True when a second of the day is the first of a block. */
  readonly begins: (second: number) => boolean;
  readonly length: number;
  readonly times: number;
}

/** The longest first. */
function blocksOf({ hours, minutes, seconds }: CronFields): Block[] {
  const [hour, minute, second] = [spanOf(hours), spanOf(minutes), spanOf(seconds)];
  const hasHour = (at: number): boolean => hours.includes(Math.floor(at / 3600));
  const hasMinute = (at: number): boolean => hasHour(at) && minutes.includes(Math.floor(at / 60) % 60);
  const ofMinute = { first: second.first, length: second.length, times: seconds.length };
  const ofHour = {
    first: minute.first * 60 + ofMinute.first,
    length: minute.length * 60 + ofMinute.length,
    times: minutes.length * ofMinute.times,
  };
  const ofDay = {
    first: hour.first * 3600 + ofHour.first,
    length: hour.length * 3600 + ofHour.length,
    times: hours.length * ofHour.times,
  };
  return [
    { ...ofDay, begins: (at) => at === ofDay.first },
    { ...ofHour, begins: (at) => hasHour(at) && at % 3600 === ofHour.first },
    { ...ofMinute, begins: (at) => hasMinute(at) && at % 60 === ofMinute.first },
  ];
}

const spanOf = (values: readonly number[]): { first: number; length: number } => ({
  first: values[0] ?? 0,
  length: (values.at(-1) ?? 0) - (values[0] ?? 0),
});

/**
 * The longest block that begins at a time and over which no clock is set; the time alone when there is no
 * such block.
 */
function longestAt(
  blocks: readonly Block[],
  zone: string,
  atMs: number,
  untilMs: number,
): { times: number; endMs: number } {
  const offsetMs = zoneOffsetMs(zone, atMs);
  const second = ((atMs + offsetMs) / 1000) % 86_400;
  for (const { begins, length, times } of blocks) {
    const endMs = atMs + length * 1000;
    if (!begins(second) || endMs > untilMs) continue;
    if (length === 0 || zoneOffsetMs(zone, endMs) === offsetMs) return { times, endMs };
  }
  return { times: 1, endMs: atMs };
}
