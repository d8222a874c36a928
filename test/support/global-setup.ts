import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/migrate.ts';
import { unpackCluster } from '../../src/store/pglite/cluster.ts';
import { openPglite } from '../../src/store/pglite/pglite.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { builtFolder } from './built.ts';
import { createDatabaseOn } from './databases.ts';
import { kept, keptVariable } from './kept.ts';
import { startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
    /** A migrated database on that server, to be copied. */
    postgresTemplate: string;
    /** A migrated PGlite as an archive, to be loaded into memory. */
    pgliteDump: string;
    /** The same database as a folder, to be copied. */
    pgliteFolder: string;
  }
}

const migrations = resolve(import.meta.dirname, '../../src/store/migrations');
const written = { purpose: 'test', installation: 'test' } as const;

/** One real PostgreSQL and one migrated database of each engine for the whole run; tests work on copies. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cleared = ownTemporaryFolder();
  const [server, embedded] = await Promise.all([startPostgres(['fsync=off']), preparePglite()]);
  console.log(`engines: PGlite and ${server.version}`);
  project.provide('postgresUrl', server.url);
  project.provide('postgresTemplate', await preparePostgres(server.url));
  project.provide('pgliteDump', embedded.dump);
  project.provide('pgliteFolder', embedded.folder);
  return async () => {
    await server.stop();
    cleared();
  };
}

/**
 * Gives this run a temporary folder, also for its child processes, and answers the function that removes it:
 * killed processes leave their folders behind. Folders that are kept for later runs stay in their place.
 */
function ownTemporaryFolder(): () => void {
  const outer = tmpdir();
  const own = mkdtempSync(join(outer, 'andon-test-'));
  // Gates run as another user.
  chmodSync(own, 0o755);
  process.env.TMPDIR = own;
  process.env[keptVariable] = outer;
  return () => {
    process.env.TMPDIR = outer;
    rmSync(own, { recursive: true, force: true, maxRetries: 3 });
  };
}

async function preparePostgres(server: string): Promise<string> {
  const url = await createDatabaseOn(server);
  const store = await openPostgres({ url });
  await migrate(store, written);
  // PostgreSQL refuses to copy a database with open connections.
  await store.close();
  return new URL(url).pathname.slice(1);
}

/** Prepares a database that is kept for later runs: making it costs more than most files of tests. */
async function preparePglite(): Promise<{ dump: string; folder: string }> {
  const { folder, isThere, aside, keep } = kept('andon-pglite-', stateOfPglite());
  if (!isThere) {
    const place = aside();
    await unpackCluster(join(place, 'db'), join(builtFolder(), 'dist/store/pglite/cluster.gz'));
    const store = await openPglite({ folder: join(place, 'db') });
    await migrate(store, written);
    if (!('dump' in store)) throw new Error('PGlite cannot be dumped');
    const archive = await (store as unknown as { dump(): Promise<Blob> }).dump();
    await store.close();
    writeFileSync(join(place, 'db.tar'), Buffer.from(await archive.arrayBuffer()));
    keep(place);
  }
  return { dump: join(folder, 'db.tar'), folder: join(folder, 'db') };
}

/** The origin of a migrated PGlite: the release, the migrations, and the code that joins them here. */
function stateOfPglite(): string {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(createRequire(import.meta.url).resolve('@electric-sql/pglite')));
  for (const name of readdirSync(migrations).sort()) hash.update(readFileSync(join(migrations, name)));
  return hash.digest('hex').slice(0, 16);
}
