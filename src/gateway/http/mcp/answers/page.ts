import { boundedRow, type TextReading } from './bounded.ts';
import { shortRow } from './short.ts';
import { tokensAbout } from './tokens.ts';

/** About the number of tokens of a page of a list. */
const pageTokensMax = 1700;

/** One page of a list. */
export interface Page {
  readonly rows: readonly unknown[];
  /** The first row of the next page; undefined on the last page. */
  readonly nextOffset: number | undefined;
}

/** The rows from `offset` on that fit into a page, in their short form: one at least, `limit` at most. */
export function pageOf(
  all: readonly unknown[],
  { offset, limit, reading }: { offset: number; limit: number; reading: TextReading },
  shown: (row: unknown) => unknown,
): Page {
  const rows: unknown[] = [];
  let tokens = 0;
  let at = offset;
  for (; at < all.length && rows.length < limit; at++) {
    // Through JSON: a Date reads as its text.
    const plain: unknown = JSON.parse(JSON.stringify(shown(all[at])));
    const row = boundedRow(shortRow(plain), reading);
    tokens += tokensAbout(JSON.stringify(row));
    if (rows.length > 0 && tokens > pageTokensMax) break;
    rows.push(row);
  }
  return { rows, nextOffset: at < all.length ? at : undefined };
}
