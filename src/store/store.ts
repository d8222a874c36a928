import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

/** drizzle over either engine. */
export type Orm = PgDatabase<PgQueryResultHKT, Record<string, never>>;

/** A statement with a name is prepared once per connection (five times cheaper than an unprepared one). */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Something that runs statements: the store itself or one transaction. */
export interface Session {
  /** Runs a statement and returns its rows. `bigint` columns come as numbers, `timestamptz` as Date. */
  rows<R>(statement: Statement, params?: readonly unknown[]): Promise<R[]>;
  /** drizzle on the same connection. */
  readonly orm: Orm;
}

declare const txBrand: unique symbol;
/** A session inside a transaction; an effect takes one, so that it cannot run outside. */
export interface Tx extends Session {
  readonly [txBrand]?: true;
  /** Runs a statement whose rows are not awaited; the commit awaits it, and fails with it. Saves a round trip. */
  later(statement: Statement, params?: readonly unknown[]): void;
}

/** One schema, two engines: PGlite in this process, or PostgreSQL. */
export interface Store extends Session {
  readonly engine: 'pglite' | 'postgres';
  /** Runs `work` in one READ COMMITTED transaction; a deadlock or serialisation failure is tried again, at most twice. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Calls `heard` for every NOTIFY on the channel, and `lost` whenever notifications may have been missed. */
  listen(channel: string, heard: (payload: string) => void, lost: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * Makes a named statement. Hot statements stand together with their names, so that a name is never used for
 * two texts.
 */
export const statement = (name: string, text: string): Statement => ({ name, text });
