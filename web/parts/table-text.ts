/** Texts that a spreadsheet would carry out are marked as texts. */
const asText = (cell: string): string => (/^[=+\-@\t]/.test(cell) ? `'${cell}` : cell);

/** Rows as tab-separated values. Pure. */
export const tsvOf = (rows: readonly (readonly string[])[]): string =>
  `${rows.map((row) => row.map(asText).join('\t')).join('\n')}\n`;

/** Rows as comma-separated values (RFC 4180). Pure. */
export const csvOf = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map((cell) => `"${asText(cell).replaceAll('"', '""')}"`).join(',')}\r\n`).join('');
