/** One look at a process: how often its loop has come round, its processor time so far, and whether a long statement runs. */
export interface LoopLook {
  readonly beats: number;
  readonly cpuMs: number;
  readonly isMarked: boolean;
}

/** The turn of the loop that runs, as far as it was looked at. */
export interface Turn {
  readonly last: LoopLook;
  readonly usedMs: number;
  /** What of it was outside of long statements. */
  readonly unmarkedMs: number;
  readonly isTold: boolean;
}

export interface TurnLimits {
  /** A turn that used so much is told. */
  readonly tellMs: number;
  /** A turn that used so much outside of long statements ends the process. */
  readonly endMs: number;
}

export const turnLimits: TurnLimits = { tellMs: 10_000, endMs: 60_000 };

export const firstTurn = (last: LoopLook): Turn => ({ last, usedMs: 0, unmarkedMs: 0, isTold: false });

/**
 * The turn after one more look, and what to do about it. Only processor time counts: a process that sleeps, or was
 * stopped, uses none. What it used before the first look at a turn is not counted.
 */
export function nextTurn(
  turn: Turn,
  look: LoopLook,
  limits: TurnLimits,
): { turn: Turn; act?: 'tell' | 'end' } {
  if (look.beats !== turn.last.beats) return { turn: firstTurn(look) };
  const more = look.cpuMs - turn.last.cpuMs;
  const usedMs = turn.usedMs + more;
  const unmarkedMs = turn.unmarkedMs + (look.isMarked ? 0 : more);
  if (unmarkedMs >= limits.endMs) return { turn: { ...turn, last: look, usedMs, unmarkedMs }, act: 'end' };
  const isTold = usedMs >= limits.tellMs;
  const next: Turn = { last: look, usedMs, unmarkedMs, isTold };
  return isTold && !turn.isTold ? { turn: next, act: 'tell' } : { turn: next };
}
