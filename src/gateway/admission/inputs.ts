import { z } from 'zod';
import { durationMs, durationPattern } from '../../lib/durations.ts';
import { plainNamePattern, plainTextPattern, principalPattern } from '../../lib/names.ts';

/** Names of projects, tasks, phases and gates. */
export const name = z
  .string()
  .regex(
    plainNamePattern,
    'lower-case letters, digits, dot, dash, underscore; at most 63, no `..`, no `.lock`',
  );

/** A project, or `*` for the gateway itself in procedures that take it. */
export const project = z.union([name, z.literal('*')]);

/** A principal such as `agent:builder-1` or `human:ada`. */
export const principal = z
  .string()
  .regex(principalPattern, '`agent:`, `human:`, `runner:` or `trigger:` and a name');

/**
 * An id: whole, in its short form (kind and last eight characters), or a beginning that is unique in its project.
 * Admission hands the whole id on (`short-ids.ts`).
 */
export const id = z.string().regex(/^[a-z]{3}_[0-9a-z]{4,26}$/, 'an id such as chg_01k9…');

/** A whole commit id, of SHA-1 or SHA-256. */
export const commitId = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'a whole commit id in hexadecimal');

/** Text that a database column and a terminal can hold: PostgreSQL stores neither NUL nor half a surrogate pair. */
export const textOrEmpty = (max: number) =>
  z
    .string()
    .max(max)
    .regex(plainTextPattern, 'text without control characters and without half surrogate pairs');

/** Text as `textOrEmpty` takes, of at least one character. */
export const text = (max: number) => textOrEmpty(max).min(1);

export const page = {
  after: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(100),
};

const instantPattern = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?Z?)?$/;

const millisecondsOf = (text: string): number =>
  Date.parse(text.length === 10 ? text : `${text.replace(' ', 'T').replace(/Z$/, '')}Z`);

/** A time as people write it: a date, a date with a time, in UTC, or an age such as `2h`. */
export const instant = z
  .string()
  .max(40)
  .refine(
    (text) =>
      durationPattern.test(text) || (instantPattern.test(text) && !Number.isNaN(millisecondsOf(text))),
    'a date (2030-01-31), a date and time in UTC (2030-01-31 12:00:00Z), or an age (2h)',
  );

/** The time that an `instant` means at `now`. */
export const timeOf = (text: string, now: Date): Date =>
  new Date(durationPattern.test(text) ? now.getTime() - durationMs(text) : millisecondsOf(text));

/** An id as above, or another name. */
export const idOrName = text(200);

/** A wished lifetime of a token in seconds. */
export const tokenLife = z
  .number()
  .int()
  .min(1)
  .max(86_400)
  .optional()
  .describe('At most 15 minutes, of an executive 60, of a person 12 hours; without it as long as that');
