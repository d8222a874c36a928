import { createTask, parse, type ScheduledTask, validateDetailed } from 'node-cron';

/** A cron expression as node-cron reads it, ready for arithmetic. */
export interface CronFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  /**
   * True without `*` and without a step in seconds, minutes and hours: such times happen once, also on days
   * on which clocks are set.
   */
  readonly fixed: boolean;
  /** True when the expression holds on a day of the calendar, month counted from 1. */
  readonly onDay: (year: number, month: number, day: number) => boolean;
}

const textMax = 200;
const known = new Map<string, CronFields>();
const knownMax = 2000;

/** The fault of an expression, in words; undefined when node-cron reads it. */
export function cronFault(expression: string): string | undefined {
  if (expression.length > textMax) return `${expression.length} characters, more than ${textMax}`;
  // Names such as @daily are cron too.
  const { valid, errors } = validateDetailed(expression);
  if (valid) return undefined;
  return errors.map(({ message }) => message).join('; ') || 'no cron expression';
}

/** Reads an expression of five or six fields (seconds first), in which `cronFault` finds nothing. */
export function cronFields(expression: string): CronFields {
  const found = known.get(expression);
  if (found !== undefined) return found;
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parse(expression);
  const times = expression.trim().split(/\s+/);
  const fields: CronFields = {
    seconds: sorted(second),
    minutes: sorted(minute),
    hours: sorted(hour),
    months: sorted(month),
    fixed: !/[*/]/.test(times.slice(0, times.length - 3).join(' ')),
    onDay: dayMatcher(expression, dayOfMonth, dayOfWeek),
  };
  if (known.size >= knownMax) known.clear();
  known.set(expression, fields);
  return fields;
}

const sorted = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

type Field = readonly (number | string)[];

/** Both fields must hold, as in node-cron. Last days, nearest weekdays and the like are left to node-cron itself. */
function dayMatcher(expression: string, days: Field, weekdays: Field): CronFields['onDay'] {
  const plain = [...days, ...weekdays].every((value) => typeof value === 'number');
  if (plain) {
    return (year, month, day) =>
      days.includes(day) && weekdays.includes(new Date(Date.UTC(year, month - 1, day)).getUTCDay());
  }
  const calendar = calendarOf(expression);
  return (year, month, day) => calendar.match(new Date(Date.UTC(year, month - 1, day)));
}

/** The days of an expression alone, as midnights of UTC. */
function calendarOf(expression: string): ScheduledTask {
  const days = expression.trim().split(/\s+/).slice(-3).join(' ');
  const task = createTask(`0 0 0 ${days}`, () => {}, { timezone: 'UTC' });
  // node-cron keeps every task that was made in a list of its own.
  void task.destroy();
  return task;
}
