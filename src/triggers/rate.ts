const hourMs = 3_600_000;

/** How often a trigger has fired in its hour, and how many fires were held back. */
export interface Hour {
  readonly atMs: number | undefined;
  readonly count: number;
  readonly held: number;
}

export interface Rated {
  readonly hour: Hour;
  /** How many of the wanted fires may happen. */
  readonly allowed: number;
  /** How many were held back in the hour that has ended; one message tells of them. */
  readonly digest: number;
}

/** Holds a trigger to so many fires in an hour, which begins with its first. Pure. */
export function rated(hour: Hour, wanted: number, perHour: number, nowMs: number): Rated {
  const isOver = hour.atMs === undefined || nowMs >= hour.atMs + hourMs;
  const now = isOver ? { atMs: nowMs, count: 0, held: 0 } : hour;
  const allowed = Math.max(0, Math.min(wanted, perHour - now.count));
  return {
    hour: { atMs: now.atMs, count: now.count + allowed, held: now.held + wanted - allowed },
    allowed,
    digest: isOver ? hour.held : 0,
  };
}
