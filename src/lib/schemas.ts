import { z } from 'zod';
import { durationMs, durationPattern } from './durations.ts';
import { plainNamePattern, plainTextPattern } from './names.ts';

export const name = z
  .string()
  .regex(
    plainNamePattern,
    'lower-case letters, digits, dot, dash, underscore; at most 63, no `..`, no `.lock`',
  );
/** Schema of text as people write it, of 1 to `charactersMax` characters. */
export const text = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(plainTextPattern, 'text without control characters and without half surrogate pairs');
export const glob = z.string().min(1).max(256);
export const count = z.number().int().min(0).max(1_000_000_000);

/** Schema of a duration between two bounds, both included. A timer of more than 24 days would fire at once. */
export const duration = (leastMs: number, mostMs: number, words: string) =>
  z
    .string()
    .regex(durationPattern, 'a number and ms, s, m, h or d, such as `10m`')
    .refine((one) => !durationPattern.test(one) || within(durationMs(one), leastMs, mostMs), words);

const sizeUnits: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const sizePattern = /^(\d{1,6})(kB|MB|GB|TB)$/;

/** Parses a size such as `500MB` or `4GB` into bytes. */
export function sizeBytes(text: string): number {
  const [, amount, unit] = sizePattern.exec(text) ?? [];
  return Number(amount) * (sizeUnits[unit ?? ''] ?? Number.NaN);
}

/** Schema of a size between two bounds, both included. */
export const size = (leastBytes: number, mostBytes: number, words: string) =>
  z
    .string()
    .regex(sizePattern, 'a number and kB, MB, GB or TB, such as `4GB`')
    .refine((one) => !sizePattern.test(one) || within(sizeBytes(one), leastBytes, mostBytes), words);

const within = (value: number, least: number, most: number): boolean => value >= least && value <= most;
/** Milliseconds of a day. */
export const dayMs = 86_400_000;
