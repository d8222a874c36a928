/** The conversion of pg from a value to text, bytes or null, as it is sent. */
declare module 'pg/lib/utils' {
  export function prepareValue(value: unknown): string | Buffer | null | undefined;
}
