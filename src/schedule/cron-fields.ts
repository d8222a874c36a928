import { parse, validateDetailed } from 'node-cron';

type Field = readonly (number | string)[];

/** A cron expression as node-cron reads it. */
export interface CronFields {
  /** Ascending, each once. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  /** Numbers, and days that depend on the month: `L`, `L-3`, `15W`, `LW`. */
  readonly days: Field;
  /** Numbers, and weekdays that depend on the month: `5L`, `5#2`. */
  readonly weekdays: Field;
  /**
   * True without `*` and without a step in seconds, minutes and hours: such times happen once, also on days
   * on which clocks are set.
   */
  readonly fixed: boolean;
}

const textMax = 200;

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
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parse(expression);
  const times = expression.trim().split(/\s+/).slice(0, -3).join(' ');
  const hours = sorted(hour);
  // Among the names only @hourly comes more than once a day.
  const isName = expression.trim().startsWith('@');
  return {
    seconds: sorted(second),
    minutes: sorted(minute),
    hours,
    months: sorted(month),
    days: dayOfMonth,
    weekdays: dayOfWeek,
    fixed: isName ? hours.length === 1 : !/[*/]/.test(times),
  };
}

const sorted = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
