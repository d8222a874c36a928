/**
 * Text that a PostgreSQL `text` or `jsonb` column can hold: NUL and lone surrogates, which PostgreSQL
 * refuses, become U+FFFD.
 */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\ufffd');

// Nearly no text has any of these characters.
const suspicious = /[\u0000\ud800-\udfff]/;

/**
 * The parameters of a statement, with every text in them storable. Both engines pass their parameters through
 * here, so that no text of a process or a stranger makes a statement fail.
 */
export const storableParams = (params: readonly unknown[]): unknown[] => params.map(storableParam);

function storableParam(value: unknown): unknown {
  if (typeof value === 'string') return suspicious.test(value) ? storable(value) : value;
  return Array.isArray(value) ? value.map(storableParam) : value;
}
