import { LRUCache } from 'lru-cache';

// About 600 zones exist, and each may be written in capitals or not.
const formats = new LRUCache<string, Intl.DateTimeFormat>({ max: 700 });

/** True for a name of the IANA time zone database that this Node knows. */
export function isZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The lead of local time in `zone` over UTC at an instant, in milliseconds. Throws RangeError for an unknown
 * zone.
 */
export function zoneOffsetMs(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  const wholeMs = Math.floor(atMs / 1000) * 1000;
  const at = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatOf(zone).formatToParts(wholeMs))
    if (Object.hasOwn(at, type)) at[type as keyof typeof at] = Number(value);
  return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) - wholeMs;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const number = 'numeric';
  const date = { year: number, month: number, day: number } as const;
  const time = { hour: number, minute: number, second: number, hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...date, ...time });
  formats.set(zone, format);
  return format;
}
