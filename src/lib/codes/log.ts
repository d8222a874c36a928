import { row } from '../code-row.ts';

/** Codes of the log: its chain, and its mark outside the database. */
export const logCodes = {
  'log.below': row(
    409,
    'stopped',
    'while the log of the database is below its mark, this gateway only reads',
    'find out why (a loss of power, a replica that was behind, a changed database) and bring back a better database; or accept this one as it is: andon restore --here --reason "…"',
  ),
  'log.whole': row(409, 'conflict', 'only a log below its mark can be accepted', 'andon audit verify'),
  'log.mark': row(
    500,
    'failed',
    'a mark of the log can be read where the operator keeps one',
    'see that the witness answers; its last mark is one line of JSON: installation, position, hash',
  ),
} as const;
