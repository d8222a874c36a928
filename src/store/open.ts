import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseOthersFolders } from './pglite/folder-owner.ts';
import { openPglite } from './pglite/pglite.ts';
import { openPostgres } from './postgres.ts';
import type { Store } from './store.ts';

export interface StorePlace {
  /** PostgreSQL; PGlite in the data folder when undefined. */
  readonly databaseUrl: string | undefined;
  /** Made when it is not there. */
  readonly dataFolder: string;
  readonly connectionsMax: number;
}

/** Opens the store of a gateway. Errors: `file.denied` on what another user has made, and those of the engines. */
export async function openStore({ databaseUrl, dataFolder, connectionsMax }: StorePlace): Promise<Store> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await refuseOthersFolders(join(dataFolder, 'db'), join(dataFolder, 'repos'));
  if (databaseUrl !== undefined) return openPostgres({ url: databaseUrl, connectionsMax });
  return openPglite({ folder: join(dataFolder, 'db') });
}
