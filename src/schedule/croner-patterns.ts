import type { CronFields } from './cron-fields.ts';

/**
 * Translates an expression that node-cron has read for croner: patterns of seven fields, no two of which hold
 * at one time. One pattern is enough unless days are counted back from the end of a month (`L-3`, or `LW`
 * beside others), which croner cannot say: then each length of a month gets a pattern.
 */
export function cronerPatterns(fields: CronFields): string[] {
  const times = [secondsOf(fields), fields.minutes.join(), fields.hours.join()].join(' ');
  const weekdays = orAll(fields.weekdays, 7);
  return daysOf(fields).map(({ days, months, years }) =>
    [times, orAll(days, 31), orAll(months, 12), weekdays, years].join(' '),
  );
}

/**
 * croner takes a `*` or a step as the mark of a time that follows the time that passes. A range of one with a
 * step adds only that mark.
 */
function secondsOf({ seconds, fixed }: CronFields): string {
  const last = seconds.at(-1);
  return fixed ? seconds.join() : `${seconds.join()},${last}-${last}/1`;
}

const orAll = (values: CronFields['days'], all: number): string =>
  values.length === all && values.every((value) => typeof value === 'number') ? '*' : values.join();

interface Days {
  readonly days: CronFields['days'];
  readonly months: readonly number[];
  readonly years: string;
}

const leapYears = Array.from({ length: 400 }, (_, count) => 1900 + count).filter(
  (year) => new Date(Date.UTC(year, 2, 0)).getUTCDate() === 29,
);
const commonYears = Array.from({ length: 400 }, (_, count) => 1900 + count).filter(
  (year) => !leapYears.includes(year),
);

/** Months by their length, and the years in which they have it. */
const lengths: readonly (Omit<Days, 'days'> & { readonly length: number })[] = [
  { length: 31, months: [1, 3, 5, 7, 8, 10, 12], years: '*' },
  { length: 30, months: [4, 6, 9, 11], years: '*' },
  { length: 29, months: [2], years: leapYears.join() },
  { length: 28, months: [2], years: commonYears.join() },
];

function daysOf({ days, months }: CronFields): Days[] {
  const isPlain = !days.some((day) => /^L-/.test(String(day))) && (days.length === 1 || !days.includes('LW'));
  if (isPlain) return [{ days, months, years: '*' }];
  return lengths.flatMap((of) => {
    const there = {
      days: daysIn(days, of.length),
      months: months.filter((month) => of.months.includes(month)),
    };
    return there.days.length === 0 || there.months.length === 0 ? [] : [{ ...there, years: of.years }];
  });
}

/** The days of a month of that length, with days counted from the end turned into plain ones. */
const daysIn = (days: CronFields['days'], length: number): (number | string)[] => [
  ...new Set(days.map((day) => dayIn(String(day), length)).filter((day) => day !== undefined)),
];

function dayIn(day: string, length: number): number | string | undefined {
  if (day === 'L') return length;
  if (day === 'LW') return `${length}W`;
  const [, back] = /^L-(\d+)$/.exec(day) ?? [];
  if (back === undefined) return /W$/.test(day) ? day : Number(day);
  return length > Number(back) ? length - Number(back) : undefined;
}
