/** A gate that nobody carries out yet, as far as its turn goes. */
export interface WaitingGate {
  readonly id: string;
  /** `repeat`: a person asked one taker for it. `landing`: the queue asked for it. `submission`: a change did. */
  readonly kind: 'repeat' | 'landing' | 'submission';
  /** Place among the runs that the queue wishes. */
  readonly rank: number;
  readonly waitedMs: number;
  /** Median of the last ten runs that passed; null where there is none. */
  readonly medianMs: number | null;
  /** The taker that alone may have it; null for any. */
  readonly wantedBy: string | null;
  /** Takers whose pass of this gate on this tree was contradicted, while the stop about that is open. */
  readonly barred: readonly string[];
}

/** Everybody's slots, and the runs of the queue that some of them carry out. */
export interface SlotsInUse {
  readonly slots: number;
  readonly landings: number;
}

/** Time after which a submission counts as overdue where no run of its gate tells how long it takes. */
const unknownMedianMs = 60_000;

const isOverdue = ({ waitedMs, medianMs }: WaitingGate): boolean => waitedMs > (medianMs ?? unknownMedianMs);

/**
 * The gate that a free slot of a taker carries out next; undefined when there is none for it. Landing goes first. A
 * submission that has waited longer than its gate takes gets the next free one of two or more slots, but for the one
 * that serves the queue: so neither of them waits for ever. A slot that one of them has no use for serves the other.
 */
export function chooseGate<Gate extends WaitingGate>(
  waiting: readonly Gate[],
  { slots, landings }: SlotsInUse,
  taker: string,
): Gate | undefined {
  const free = waiting.filter(
    ({ wantedBy, barred }) => (wantedBy === null || wantedBy === taker) && !barred.includes(taker),
  );
  const [repeat] = oldestFirst(free, 'repeat');
  const [landing] = free
    .filter(({ kind }) => kind === 'landing')
    .toSorted((one, other) => one.rank - other.rank || (one.id < other.id ? -1 : 1));
  const [submission] = oldestFirst(free, 'submission');
  const isTurn = slots >= 2 && landings > 0 && submission !== undefined && isOverdue(submission);
  return repeat ?? (isTurn ? submission : undefined) ?? landing ?? submission;
}

const oldestFirst = <Gate extends WaitingGate>(waiting: readonly Gate[], wanted: Gate['kind']): Gate[] =>
  waiting
    .filter(({ kind }) => kind === wanted)
    .toSorted((one, other) => other.waitedMs - one.waitedMs || (one.id < other.id ? -1 : 1));
