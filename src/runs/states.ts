import type { Ends, Moves } from '../lib/moves.ts';

/** States of a run: asked for, taken by a runner, its process alive, over. */
export const runStates = ['waiting', 'taken', 'running', 'ended'] as const;
/** State of a run. */
export type RunState = (typeof runStates)[number];

/** Events that move a run. Its runner may report the start twice: the answer to the first report may be lost. */
export const runMoves = {
  take: { from: ['waiting'], to: 'taken' },
  start: { from: ['taken', 'running'], to: 'running' },
  end: { from: ['waiting', 'taken', 'running'], to: 'ended' },
} as const satisfies Moves<RunState>;

/** Final states of a run: no event happens in them. */
export const runEnds = { ended: true } as const satisfies Record<Ends<RunState, typeof runMoves>, true>;
