/**
 * One event in the life of a thing with states: the states in which the event may happen, and the state that
 * follows.
 */
export interface Move<State extends string = string> {
  readonly from: readonly [State, ...State[]];
  readonly to: State;
}

/** A table of the possible events. A pair of state and event that no row lists is refused. */
export type Moves<State extends string = string> = Readonly<Record<string, Move<State>>>;

/** The states in which an event may happen. */
export type Before<Table extends Moves, Event extends keyof Table> = Table[Event]['from'][number];

/** The state that an event leads to. */
export type After<Table extends Moves, Event extends keyof Table> = Table[Event]['to'];

/** The states that nothing leads out of. A record of them that names one too many or too few does not compile. */
export type Ends<State extends string, Table extends Moves> = Exclude<State, Before<Table, keyof Table>>;

/** The state that a move leads to from `state`, or null when it is refused there: the answer for every pair. */
export const afterMove = <State extends string>({ from, to }: Move<State>, state: State): State | null =>
  from.includes(state) ? to : null;
