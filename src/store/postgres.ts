import type { Writable } from 'node:stream';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { fail } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { Pipelined } from './pipelined.ts';
import { refusePooler } from './pooler.ts';
import { isUnavailable, withRetry } from './retry.ts';
import { storableParams } from './storable.ts';
import type { Orm, Session, Statement, Store, Tx } from './store.ts';

/** Connection to a PostgreSQL server. */
export interface PostgresOptions {
  readonly url: string;
  readonly connectionsMax?: number;
  /** Passed to the server as `synchronous_commit`; the default of the server when absent. */
  readonly synchronousCommit?: 'on' | 'off';
}

const begin: Statement = { name: '', text: 'begin' };
const int8 = 20;
const types = {
  getTypeParser: (oid: number, format?: string) =>
    oid === int8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text'),
} as pg.CustomTypesConfig;

/** Opens a pool on a PostgreSQL server (15 or newer). Errors: `store.unavailable`, `store.pooled`. */
export async function openPostgres(options: PostgresOptions): Promise<Store> {
  const settings = [
    '-c idle_in_transaction_session_timeout=15000',
    '-c statement_timeout=60000',
    '-c timezone=UTC',
    // Statements here are short: compiling one takes longer than running it, at any cost that the planner
    // estimates.
    '-c jit=off',
    // Without this, a prepared statement is planned anew at each of its first five uses, and compared with
    // that afterwards.
    '-c plan_cache_mode=force_generic_plan',
  ];
  if (options.synchronousCommit !== undefined)
    settings.push(`-c synchronous_commit=${options.synchronousCommit}`);
  const connection = {
    connectionString: options.url,
    connectionTimeoutMillis: 10_000,
    options: settings.join(' '),
  };
  await unavailableAsError(() => refusePooler(connection));
  const max = options.connectionsMax ?? limits.connectionsDefault;
  const pool = new pg.Pool({ ...connection, max, types, pipeline: true } as pg.PoolConfig);
  // A connection that dies while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  // The pool takes its own listener away while a connection is lent out, and a server may die just then.
  pool.on('connect', (client) => client.on('error', () => {}));
  await unavailableAsError(() => pool.query('select 1'));
  return new PostgresStore(pool, options.url);
}

async function unavailableAsError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUnavailable(error))
      throw fail('store.unavailable', 'PostgreSQL', { found: messageOf(error) }, error);
    throw error;
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);

const cleaned = (client: pg.Pool | pg.PoolClient): pg.Pool =>
  ({
    query: (config: pg.QueryConfig, values: readonly unknown[] = []) =>
      client.query(config, storableParams(values)),
  }) as unknown as pg.Pool;

class PostgresSession implements Session {
  #client: pg.Pool | pg.PoolClient;
  #orm: Orm | undefined;

  constructor(client: pg.Pool | pg.PoolClient) {
    this.#client = client;
  }

  async rows<R>({ name, text }: Statement, params: readonly unknown[] = []): Promise<R[]> {
    this.corked();
    const result = await unavailableAsError(() =>
      this.#client.query({ name, text, values: storableParams(params) }),
    );
    return result.rows as R[];
  }

  get orm(): Orm {
    // drizzle asks only for query().
    this.#orm ??= drizzle({ client: cleaned(this.#client) }) as unknown as Orm;
    return this.#orm;
  }

  /**
   * Sends all statements of one turn in one write: otherwise a pipeline takes as many packets as it has
   * statements.
   */
  protected corked(): void {}
}

/** The socket of a connection, which the types of pg leave out. */
const streamOf = (client: pg.PoolClient): Writable =>
  (client as unknown as { readonly connection: { readonly stream: Writable } }).connection.stream;

class PostgresTx extends PostgresSession implements Tx {
  readonly #later = new Pipelined();
  readonly #stream: Writable;

  constructor(client: pg.PoolClient) {
    super(client);
    this.#stream = streamOf(client);
  }

  protected override corked(): void {
    const stream = this.#stream;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  later(statement: Statement, params?: readonly unknown[]): void {
    this.#later.start(this, statement, params);
  }

  settled(): Promise<void> {
    return this.#later.settled();
  }
}

class PostgresStore extends PostgresSession implements Store {
  readonly engine = 'postgres';
  #pool: pg.Pool;
  #url: string;

  constructor(pool: pg.Pool, url: string) {
    super(pool);
    this.#pool = pool;
    this.#url = url;
  }

  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return withRetry(() => this.#once(work));
  }

  async #once<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await unavailableAsError(() => this.#pool.connect());
    let broken = false;
    try {
      const tx = new PostgresTx(client);
      // Not awaited: the pipeline sends it together with the first statement of `work`.
      const begun = tx.rows(begin);
      begun.catch(() => {});
      const result = await work(tx);
      await begun;
      // Sent right behind the statements that nobody awaits; a failure of one of them turns the commit into a
      // rollback.
      const committed = unavailableAsError(() => client.query('commit'));
      committed.catch(() => {});
      await tx.settled();
      const { command } = await committed;
      // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and without an error.
      if (command !== 'COMMIT') throw new Error('the transaction had failed before its commit');
      return result;
    } catch (error) {
      broken = await client.query('rollback').then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async listen(
    channel: string,
    heard: (payload: string) => void,
    lost: () => void,
  ): Promise<() => Promise<void>> {
    const listener = new Listener(this.#url, channel, heard, lost);
    await listener.connect();
    return () => listener.close();
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** A connection for listening only, renewed when the server went away. */
class Listener {
  #client: pg.Client | undefined;
  #closed = false;
  #url: string;
  #channel: string;
  #heard: (payload: string) => void;
  #lost: () => void;

  constructor(url: string, channel: string, heard: (payload: string) => void, lost: () => void) {
    this.#url = url;
    this.#channel = channel;
    this.#heard = heard;
    this.#lost = lost;
  }

  async connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url });
    this.#client = client;
    client.on('notification', (message) => this.#heard(message.payload ?? ''));
    client.on('error', () => {});
    client.on('end', () => this.#again());
    await unavailableAsError(() => client.connect());
    await client.query(`listen ${pg.escapeIdentifier(this.#channel)}`);
  }

  #again(): void {
    if (this.#closed) return;
    setTimeout(() => {
      if (this.#closed) return;
      this.connect().then(this.#lost, () => this.#client?.end().catch(() => {}));
    }, 250).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end();
  }
}
