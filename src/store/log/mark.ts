import { z } from 'zod';
import { type Session, statement } from '../store.ts';
import { genesisHash } from './chain.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** The end of an installation's log at some time, kept outside its database. */
export const logMarkSchema = z.strictObject({
  installation: z.string().min(1).max(64),
  position: z.number().int().min(0),
  hash,
});
/** A mark of the log, as its schema reads it. */
export type LogMark = z.infer<typeof logMarkSchema>;

/** A database whose log lacks positions that a mark vouches for. */
export interface BelowMark {
  readonly mark: LogMark;
  /** The last position in the database. */
  readonly end: number;
  /** Number of positions up to the mark that are gone; 0 when all are there and the hash at the mark differs. */
  readonly missing: number;
}

const endStatement = statement(
  'mark.end',
  `select (select installation from andon_meta) as installation,
     (select coalesce(max(position), 0) from events) as position,
     coalesce((select hash from events where position = (select max(position) from events)), $1) as hash`,
);
const hashAt = statement('mark.hashAt', 'select hash from events where position = $1');

/** The mark of this database's log at its present end. */
export async function markOf(session: Session): Promise<LogMark> {
  const [row] = await session.rows<LogMark>(endStatement, [genesisHash]);
  if (row === undefined) throw new Error('the store was not migrated');
  return { ...row, position: Number(row.position) };
}

/**
 * Compares the log of this database with a mark; undefined when the log holds all that the mark vouches for.
 * All positions are missing under a mark of another installation: it was made for another database.
 */
export async function belowMark(session: Session, mark: LogMark): Promise<BelowMark | undefined> {
  if (mark.position === 0) return undefined;
  const end = await markOf(session);
  if (end.installation !== mark.installation) return { mark, end: end.position, missing: mark.position };
  const [at] = await session.rows<{ hash: string }>(hashAt, [mark.position]);
  if (at?.hash === mark.hash) return undefined;
  return { mark, end: end.position, missing: Math.max(0, mark.position - end.position) };
}

/** The same comparison in words, for refusals and for people. */
export const belowWords = ({ mark, end, missing }: BelowMark): string =>
  missing > 0
    ? `${missing} of ${mark.position} positions are missing: the log ends at ${end}`
    : `position ${mark.position} is another than the one that was here`;
