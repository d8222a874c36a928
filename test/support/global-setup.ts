import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/migrate.ts';
import { openPglite } from '../../src/store/pglite.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { createDatabaseOn } from './databases.ts';
import { startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
    /** A migrated database on that server, to be copied. */
    postgresTemplate: string;
    /** A migrated PGlite as an archive, to be loaded into memory. */
    pgliteDump: string;
    /** The same as a folder, to be copied. */
    pgliteFolder: string;
  }
}

const written = { purpose: 'test', installation: 'test' } as const;

/** One real PostgreSQL and one migrated database of each engine for the whole run; tests work on copies. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-test-'));
  const [server, embedded] = await Promise.all([startPostgres(['fsync=off']), preparePglite(folder)]);
  console.log(`engines: PGlite and ${server.version}`);
  project.provide('postgresUrl', server.url);
  project.provide('postgresTemplate', await preparePostgres(server.url));
  project.provide('pgliteDump', embedded.dump);
  project.provide('pgliteFolder', embedded.folder);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

async function preparePostgres(server: string): Promise<string> {
  const url = await createDatabaseOn(server);
  const store = await openPostgres({ url });
  await migrate(store, written);
  // A copy of a database that somebody is connected to is refused.
  await store.close();
  return new URL(url).pathname.slice(1);
}

async function preparePglite(parent: string): Promise<{ dump: string; folder: string }> {
  const folder = join(parent, 'pglite');
  const store = await openPglite({ folder });
  await migrate(store, written);
  const dump = join(parent, 'pglite.tar');
  if (!('dump' in store)) throw new Error('PGlite cannot be dumped');
  const archive = await (store as unknown as { dump(): Promise<Blob> }).dump();
  await store.close();
  writeFileSync(dump, Buffer.from(await archive.arrayBuffer()));
  return { dump, folder };
}
