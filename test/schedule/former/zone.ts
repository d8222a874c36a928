const formats = new Map<string, Intl.DateTimeFormat>();
// About 600 zones exist, and each may be written in capitals or not.
const formatsMax = 2000;

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
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= formatsMax) formats.clear();
  formats.set(zone, format);
  return format;
}

/** A stretch of UTC in which the offset does not change; both ends in milliseconds, the second excluded. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly offsetMs: number;
}

/**
 * The stretches of constant offset between two instants that lie a few days apart: one, or two around the moment at
 * which clocks are set, which is found by bisection to the second.
 */
export function stretches(zone: string, fromMs: number, untilMs: number): Stretch[] {
  const first = zoneOffsetMs(zone, fromMs);
  const last = zoneOffsetMs(zone, untilMs - 1000);
  if (first === last) return [{ fromMs, untilMs, offsetMs: first }];
  let before = fromMs / 1000;
  let after = untilMs / 1000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (zoneOffsetMs(zone, middle * 1000) === first) before = middle;
    else after = middle;
  }
  const setAtMs = after * 1000;
  return [
    { fromMs, untilMs: setAtMs, offsetMs: first },
    { fromMs: setAtMs, untilMs, offsetMs: last },
  ];
}
