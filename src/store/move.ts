import type { Move } from '../lib/moves.ts';
import { type Statement, statement } from './store.ts';

/** The parts that a table of moves contributes to a statement. */
export interface MoveParts {
  /** The assignments of the move, as they follow `set`. */
  readonly set: string;
  /** The states that the move starts from, as they follow the state column of the locked row. */
  readonly from: string;
}

/** The parts of a move; `also` holds assignments that are made along with the state. */
export const moveParts = ({ from, to }: Move, also: readonly string[] = []): MoveParts => ({
  set: [`state = '${to}'`, ...also].join(', '),
  from: `in (${from.map((state) => `'${state}'`).join(', ')})`,
});

/**
 * A statement that moves rows as their table allows: a compare-and-swap of the state. Throws while the module
 * loads when the text does not compare the state of the row.
 */
export function moveStatement(name: string, parts: MoveParts, text: (parts: MoveParts) => string): Statement {
  const whole = text(parts);
  if (!whole.includes(parts.set) || !whole.includes(`state ${parts.from}`))
    throw new Error(`${name} moves rows whatever state they are in`);
  return statement(name, whole);
}

/**
 * Moves the one row that the decision was about, which its transaction holds locked. The database fails the
 * transaction when the row is not in a state that the move starts from; so the answer need not be awaited.
 */
export const oneMoved = (update: string, move: string): string =>
  `with moved as (${update} returning id) select andon_moved(count(*), '${move}') from moved`;
