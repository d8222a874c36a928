const hourMs = 3_600_000;

/** Number of fires of a trigger in its hour, and number of fires held back. */
export interface Hour {
  readonly atMs: number | undefined;
  readonly count: number;
  readonly held: number;
}

/** The outcome of the limit on fires. */
export interface Rated {
  readonly hour: Hour;
  /** Number of the wanted fires that may happen. */
  readonly allowed: number;
  /** Number of fires held back in the hour that has ended; one message reports them. */
  readonly digest: number;
}

/** Limits a trigger to so many fires in an hour, which begins with its first fire. Pure. */
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
