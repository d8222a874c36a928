import { type Session, statement, type Tx } from '../store/store.ts';

const putOutput = statement(
  'runs.output',
  `insert into run_output (run, piece, body)
   select $1, coalesce(max(piece), 0) + 1, $2 from run_output where run = $1`,
);
// The head and the end stay; the pieces in between go when there are too many.
const dropMiddle = statement(
  'runs.dropMiddle',
  `delete from run_output where run = $1 and piece > $2 and piece <= (select max(piece) from run_output where run = $1) - $3`,
);
const readOutput = statement(
  'runs.readOutput',
  'select piece, body, at from run_output where run = $1 and piece > $2 order by piece limit $3',
);

/** Numbers of pieces of a run's output that are kept from its start and from its end; each is at most 64 kB. */
export const outputPieces = { head: 16, tail: 48, bytesMax: 64 * 1024 } as const;

/** A stored piece of a run's output. */
export interface OutputPiece {
  readonly piece: number;
  readonly body: string;
  readonly at: Date;
}

/** Adds a piece of a run's output; the middle of a long output is dropped. */
export async function addOutput(tx: Tx, run: string, body: string): Promise<void> {
  await tx.rows(putOutput, [run, body]);
  await tx.rows(dropMiddle, [run, outputPieces.head, outputPieces.tail]);
}

/** The pieces of a run's output after piece `after`, in order, at most `most` of them. */
export const outputAfter = (
  session: Session,
  run: string,
  after: number,
  most: number,
): Promise<OutputPiece[]> => session.rows(readOutput, [run, after, most]);
