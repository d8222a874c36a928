import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { drizzle } from 'drizzle-orm/pglite';
import { defined } from '../../lib/defined.ts';
import { longStatement } from '../long-statement.ts';
import { Pipelined } from '../pipelined.ts';
import { withRetry } from '../retry.ts';
import { storableParams } from '../storable.ts';
import type { Orm, Session, Statement, Store, Tx } from '../store.ts';
import { unpackCluster } from './cluster.ts';
import { lockFolder } from './folder-lock.ts';
import { LoopTurn } from './loop-turn.ts';
import { PreparedStatements } from './prepared.ts';
import { type RoomCheck, requireRoom, roomCheck } from './room.ts';

/** The place of an embedded database, and the dump that it starts from. */
export interface PgliteOptions {
  /** The folder of the database; absent means in memory. */
  readonly folder?: string;
  /** A dump to start from when the folder does not exist yet. */
  readonly dump?: Blob;
}

/**
 * Opens PGlite, embedded PostgreSQL. One process at a time: PGlite takes no lock of its own, and two openers
 * lose rows silently. A new folder is initialised aside and renamed, because a kill in the middle would leave
 * it broken. The database survives the death of the process, not the loss of power: PGlite runs without
 * fsync. Errors: `store.locked`, and `disk.full`, at once or later, when too little room is left for it to
 * write.
 */
export async function openPglite(options: PgliteOptions = {}): Promise<Store> {
  if (options.folder === undefined)
    return new PgliteStore(
      await start(undefined, options.dump),
      () => undefined,
      async () => {},
    );
  const { folder } = options;
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const release = await lockFolder(`${folder}.lock`);
  try {
    requireRoom(dirname(folder));
    if (!existsSync(folder)) await initialise(folder, options.dump);
    return new PgliteStore(await start(folder), roomCheck(folder), release);
  } catch (error) {
    await release();
    throw error;
  }
}

async function initialise(folder: string, dump: Blob | undefined): Promise<void> {
  // Each attempt takes a new name: the process of an earlier attempt may still write there, when only its
  // parent was killed.
  const begun = `${folder}.new`;
  const left = (await readdir(dirname(folder))).map((name) => join(dirname(folder), name));
  for (const one of left.filter((path) => path.startsWith(begun)))
    await rm(one, { recursive: true, force: true });
  const aside = await mkdtemp(`${begun}-`);
  if (dump === undefined) await unpackCluster(aside);
  else await (await start(aside, dump)).close();
  await rename(aside, folder);
}

// V8 compiles a function of WebAssembly once more, and better, after this much work of it. With V8's own figure it does so
// for most of PostgreSQL while a gateway starts, which takes a second of two cores; claims are no faster for it afterwards.
setFlagsFromString('--wasm-tiering-budget=1000000000');

// Memory of PostgreSQL's own is cleared at every start and never given back: with its default of 128 MB a start takes
// half a second longer. The pages of a larger log come from the system's cache.
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=32MB'];

async function start(folder: string | undefined, dump?: Blob): Promise<PGlite> {
  const parsers = { 20: (text: string) => Number(text) };
  const extensions = { pg_trgm };
  return longStatement(async () => {
    const database = await PGlite.create({
      parsers,
      extensions,
      startParams,
      ...defined({ dataDir: folder, loadDataDir: dump }),
    });
    await database.exec('set plan_cache_mode = force_generic_plan');
    return database;
  });
}

/** The methods that sessions use; drizzle asks only for query(). */
type QueryClient = Pick<PGlite | Transaction, 'query' | 'exec'>;

const inTurns = (client: QueryClient, turn: LoopTurn): QueryClient => ({
  query: (text, params, options) => turn.of(() => client.query(text, params, options)),
  exec: (text, options) => turn.of(() => client.exec(text, options)),
});

const checked = (client: QueryClient, check: RoomCheck): Pick<QueryClient, 'query'> => ({
  query: async (text, params, options) => {
    check(text);
    return client.query(text, storableParams(params ?? []), options);
  },
});

class PgliteSession implements Session {
  /** Names that a transaction has begun to prepare. */
  protected readonly begun: Set<string> | undefined;
  readonly #client: QueryClient;
  readonly #checked: Pick<QueryClient, 'query'>;
  readonly #check: RoomCheck;
  readonly #prepared: PreparedStatements;
  #orm: Orm | undefined;

  constructor(client: QueryClient, check: RoomCheck, prepared: PreparedStatements) {
    this.#client = client;
    this.#checked = checked(client, check);
    this.#check = check;
    this.#prepared = prepared;
  }

  async rows<R>(statement: Statement, params: readonly unknown[] = []): Promise<R[]> {
    const { name, text } = statement;
    if (name === '') return (await this.#checked.query<R>(text, [...params])).rows;
    this.#check(text);
    return this.#prepared.rows<R>(this.#client, statement, storableParams(params), this.begun);
  }

  get orm(): Orm {
    // drizzle asks only for query().
    this.#orm ??= drizzle({ client: this.#checked as PGlite }) as unknown as Orm;
    return this.#orm;
  }
}

class PgliteTx extends PgliteSession implements Tx {
  protected override readonly begun = new Set<string>();
  readonly #later = new Pipelined();

  later(statement: Statement, params?: readonly unknown[]): void {
    this.#later.start(this, statement, params);
  }

  settled(): Promise<void> {
    return this.#later.settled();
  }
}

class PgliteStore extends PgliteSession implements Store {
  readonly engine = 'pglite';
  readonly #database: PGlite;
  readonly #turn: LoopTurn;
  readonly #check: RoomCheck;
  readonly #prepared: PreparedStatements;
  readonly #release: () => Promise<void>;

  constructor(database: PGlite, check: RoomCheck, release: () => Promise<void>) {
    const prepared = new PreparedStatements();
    const turn = new LoopTurn();
    super(inTurns(database, turn), check, prepared);
    this.#turn = turn;
    this.#prepared = prepared;
    this.#database = database;
    this.#check = check;
    this.#release = release;
  }

  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return withRetry(
      () =>
        this.#database.transaction(async (client) => {
          const tx = new PgliteTx(inTurns(client, this.#turn), this.#check, this.#prepared);
          const result = await work(tx);
          await tx.settled();
          return result;
        }) as Promise<T>,
    );
  }

  async listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#database.listen(channel, heard);
  }

  /** The whole database as one archive, for tests and copies. */
  dump(): Promise<Blob> {
    return this.#database.dumpDataDir('none');
  }

  async close(): Promise<void> {
    try {
      await this.#database.close();
    } finally {
      await this.#release();
    }
  }
}
