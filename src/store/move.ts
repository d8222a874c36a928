import type { Move } from '../lib/moves.ts';
import { type Statement, statement } from './store.ts';

/** The parts that a table of moves gives to a statement. */
export interface MoveParts {
  /** The assignments of the move, as they follow `set`. */
  readonly set: string;
  /** From which states, as it follows the column that holds the state of the locked row. */
  readonly from: string;
}

/** The parts of a move; `also` is written along with the state. */
export const moveParts = ({ from, to }: Move, also: readonly string[] = []): MoveParts => ({
  set: [`state = '${to}'`, ...also].join(', '),
  from: `in (${from.map((state) => `'${state}'`).join(', ')})`,
});

/**
 * A statement that moves rows as their table says: a compare-and-swap of the state. Errors: thrown at load, when the text
 * does not ask in which state a row is.
 */
export function moveStatement(name: string, parts: MoveParts, text: (parts: MoveParts) => string): Statement {
  const whole = text(parts);
  if (!whole.includes(parts.set) || !whole.includes(`state ${parts.from}`))
    throw new Error(`${name} moves rows whatever state they are in`);
  return statement(name, whole);
}

/**
 * The move of the one row that was decided about, which its transaction holds locked. The database fails the transaction
 * when the row was not where the move begins; so nobody has to wait for the answer.
 */
export const oneMoved = (update: string, move: string): string =>
  `with moved as (${update} returning id) select andon_moved(count(*), '${move}') from moved`;
