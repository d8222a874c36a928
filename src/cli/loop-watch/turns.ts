/**
 * One observation of a process: the number of its loop's turns, its processor time so far, and if a long
 * statement runs.
 */
export interface LoopLook {
  readonly beats: number;
  readonly cpuMs: number;
  readonly isMarked: boolean;
}

/** The present turn of the loop, as far as it was observed. */
export interface Turn {
  readonly last: LoopLook;
  readonly usedMs: number;
  /** Processor time of the turn outside of long statements, in milliseconds. */
  readonly unmarkedMs: number;
  readonly isTold: boolean;
}

/** Limits on the processor time of one turn, in milliseconds. */
export interface TurnLimits {
  /** Processor time from which a turn is reported. */
  readonly tellMs: number;
  /** Processor time outside of long statements from which a turn ends the process. */
  readonly endMs: number;
}

/** The limits of every process that Andon watches. */
export const turnLimits: TurnLimits = { tellMs: 10_000, endMs: 60_000 };

/** The first turn, from the first observation of a process. */
export const firstTurn = (last: LoopLook): Turn => ({ last, usedMs: 0, unmarkedMs: 0, isTold: false });

/**
 * The turn after one more observation, and the action that follows. Only processor time counts: a process
 * that sleeps, or was stopped, uses none. Time before the first observation of a turn is not counted.
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
