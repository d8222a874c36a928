import { z } from 'zod';
import { type Session, statement } from '../store.ts';
import { genesisHash } from './chain.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Where the log of an installation stood at some time, kept outside its database. */
export const logMarkSchema = z.strictObject({
  installation: z.string().min(1).max(64),
  position: z.number().int().min(0),
  hash,
});
export type LogMark = z.infer<typeof logMarkSchema>;

/** A database whose log does not hold what a mark says. */
export interface BelowMark {
  readonly mark: LogMark;
  /** The last position that the database has. */
  readonly end: number;
  /** How many positions up to the mark are gone; 0 when all are there and the one of the mark is another. */
  readonly missing: number;
}

const endStatement = statement(
  'mark.end',
  `select (select installation from andon_meta) as installation,
     (select coalesce(max(position), 0) from events) as position,
     coalesce((select hash from events where position = (select max(position) from events)), $1) as hash`,
);
const hashAt = statement('mark.hashAt', 'select hash from events where position = $1');

/** Where the log of this database stands now. */
export async function markOf(session: Session): Promise<LogMark> {
  const [row] = await session.rows<LogMark>(endStatement, [genesisHash]);
  if (row === undefined) throw new Error('the store was not migrated');
  return { ...row, position: Number(row.position) };
}

/**
 * How the log of this database is below a mark; undefined when it is not. A mark of another installation is one whose
 * positions are all missing: this database is not the one that it was made for.
 */
export async function belowMark(session: Session, mark: LogMark): Promise<BelowMark | undefined> {
  if (mark.position === 0) return undefined;
  const end = await markOf(session);
  if (end.installation !== mark.installation) return { mark, end: end.position, missing: mark.position };
  const [at] = await session.rows<{ hash: string }>(hashAt, [mark.position]);
  if (at?.hash === mark.hash) return undefined;
  return { mark, end: end.position, missing: Math.max(0, mark.position - end.position) };
}

/** The same in words: what was found, for refusals and for people. */
export const belowWords = ({ mark, end, missing }: BelowMark): string =>
  missing > 0
    ? `${missing} of ${mark.position} positions are missing: the log ends at ${end}`
    : `position ${mark.position} is another than the one that was here`;
