import { line } from './0001-line.ts';
import { foreseen } from './0002-foreseen.ts';

/** Migrations in order; the number of a migration is its place here, counted from one. */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = [
  { name: '0001-line', sql: line },
  { name: '0002-foreseen', sql: foreseen },
];
