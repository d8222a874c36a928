import type { PGlite, Results, Transaction } from '@electric-sql/pglite';
import pg from 'pg';
import { prepareValue } from 'pg/lib/utils';
import { codeOf } from '../../lib/causes.ts';
import { duplicatePrepared } from '../retry.ts';
import type { Statement } from '../store.ts';

type ExecClient = Pick<PGlite | Transaction, 'exec'>;

/**
 * Named statements of one PGlite. PGlite's own queries are parsed, described and planned anew each time, in
 * as many calls into WebAssembly; prepared in SQL a statement is one call. Values are written as literals, of
 * which the statement knows the types.
 */
export class PreparedStatements {
  readonly #names = new Set<string>();

  /**
   * Runs a named statement. `begun` holds the names that the caller's transaction has prepared without an
   * answer yet: its calls are carried out in their order. Outside of a transaction another session may have
   * been first.
   */
  async rows<R>(
    client: ExecClient,
    { name, text }: Statement,
    params: readonly unknown[],
    begun: Set<string> | undefined,
  ): Promise<R[]> {
    const called = pg.escapeIdentifier(name);
    const execute = `execute ${called}${valuesOf(params)}`;
    const isKnown = this.#names.has(name) || begun?.has(name) === true;
    const preparing = isKnown ? '' : `prepare ${called} as ${text}; `;
    begun?.add(name);
    try {
      const results = await client.exec(preparing + execute);
      this.#names.add(name);
      return lastRows(results);
    } catch (error) {
      if (codeOf(error) !== duplicatePrepared) throw error;
      this.#names.add(name);
      // The failure has ended the transaction, which is tried again as a whole.
      if (begun !== undefined) throw error;
      return lastRows(await client.exec(execute));
    }
  }
}

const valuesOf = (params: readonly unknown[]): string =>
  params.length === 0 ? '' : `(${params.map(literal).join(', ')})`;

const lastRows = <R>(results: readonly Results[]): R[] => (results.at(-1)?.rows ?? []) as R[];

/**
 * A value as pg sends it to PostgreSQL, as a literal. A backslash stands for itself (`standard_conforming_strings`), so
 * only quotes are doubled; pg's own function goes through a text of megabytes by the character.
 */
function literal(value: unknown): string {
  const text = prepareValue(value);
  if (text === null || text === undefined) return 'null';
  return Buffer.isBuffer(text) ? `'\\x${text.toString('hex')}'` : `'${String(text).replaceAll("'", "''")}'`;
}
