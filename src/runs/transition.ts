import { moveParts, moveStatement } from '../store/move.ts';
import type { Statement } from '../store/store.ts';
import { runMoves } from './states.ts';

/** A statement that moves runs by an event. */
export const movesRuns = (
  name: string,
  event: keyof typeof runMoves,
  text: Parameters<typeof moveStatement>[2],
): Statement => moveStatement(name, moveParts(runMoves[event]), text);
