/** Text that a PostgreSQL `text` or `jsonb` column can hold: NUL and lone surrogates, which it refuses, become U+FFFD. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\ufffd');

// Nearly no text has any of them.
const suspicious = /[\u0000\ud800-\udfff]/;

/**
 * The parameters of a statement with every text in them storable. Both engines pass theirs through here: whatever a process printed or
 * a stranger sent, no statement fails of it.
 */
export const storableParams = (params: readonly unknown[]): unknown[] => params.map(storableParam);

function storableParam(value: unknown): unknown {
  if (typeof value === 'string') return suspicious.test(value) ? storable(value) : value;
  return Array.isArray(value) ? value.map(storableParam) : value;
}
