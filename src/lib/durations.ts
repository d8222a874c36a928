const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: secondMs, m: minuteMs, h: hourMs, d: dayMs };

/** A duration as people write it: a number and its unit. */
export const durationPattern = /^(\d{1,6})(ms|s|m|h|d)$/;

/** Parses a duration such as `90s` or `10m` into milliseconds; NaN for any other text. */
export function durationMs(text: string): number {
  const [, amount, unit] = durationPattern.exec(text) ?? [];
  return Number(amount) * (unitsMs[unit ?? ''] ?? Number.NaN);
}

/**
 * Formats a length of time in the largest unit that leaves it exact enough: `36 s`, `12 min`, `4.0 h`, `2.5
 * d`. A negative length counts as 0.
 */
export function spanWords(ms: number): string {
  if (ms < 2 * minuteMs) return `${Math.max(0, Math.round(ms / secondMs))} s`;
  if (ms < hourMs) return `${Math.round(ms / minuteMs)} min`;
  return ms < 2 * dayMs ? `${(ms / hourMs).toFixed(1)} h` : `${(ms / dayMs).toFixed(1)} d`;
}

/** Formats a short length of time by the millisecond, a long one in larger units: `350 ms`, `36 s`, `12 min`. */
export const tookWords = (ms: number): string => (ms < secondMs ? `${Math.round(ms)} ms` : spanWords(ms));

/** The instant of a number of seconds since 1970 in ISO 8601; the number itself where no date has it. */
export function isoOfSeconds(seconds: number): string {
  const at = new Date(seconds * secondMs);
  return Number.isNaN(at.getTime()) ? String(seconds) : at.toISOString();
}
