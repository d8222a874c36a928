import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseOthersFolders } from './pglite/folder-owner.ts';
import type { Store } from './store.ts';

/** The place of a store: a database server, or a folder for the embedded database. */
export interface StorePlace {
  /** URL of PostgreSQL; PGlite in the data folder when undefined. */
  readonly databaseUrl: string | undefined;
  /** The data folder; made when it does not exist. */
  readonly dataFolder: string;
  readonly connectionsMax: number;
}

/**
 * Opens the store of a gateway. Errors: `file.denied` for a folder that another user has made, and those of
 * the engines.
 */
export async function openStore({ databaseUrl, dataFolder, connectionsMax }: StorePlace): Promise<Store> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await refuseOthersFolders(join(dataFolder, 'db'), join(dataFolder, 'repos'));
  // Each engine is loaded where it is used: the other one would only lengthen the start.
  if (databaseUrl !== undefined)
    return (await import('./postgres.ts')).openPostgres({ url: databaseUrl, connectionsMax });
  return (await import('./pglite/pglite.ts')).openPglite({ folder: join(dataFolder, 'db') });
}
