/** How pg turns a value into what it sends: text, bytes or null. */
declare module 'pg/lib/utils' {
  export function prepareValue(value: unknown): string | Buffer | null | undefined;
}
