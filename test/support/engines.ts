import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { inject } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { openPglite } from '../../src/store/pglite.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import type { Store } from '../../src/store/store.ts';

export type Engine = 'pglite' | 'postgres';
export const engines: readonly Engine[] = ['pglite', 'postgres'];

/** A fresh, migrated store for one test file. */
export async function openTestStore(engine: Engine): Promise<Store> {
  if (engine === 'pglite') return openPglite({ dump: new Blob([readFileSync(inject('pgliteDump'))]) });
  return openPostgres({ url: await createDatabase() });
}

/** A fresh, migrated database on the real server; its URL, so that several stores can open it. */
export async function createDatabase(): Promise<string> {
  const url = await createEmptyDatabase();
  const store = await openPostgres({ url });
  await migrate(store, { purpose: 'test', installation: 'test' });
  await store.close();
  return url;
}

/** A fresh database without anything in it; its URL. */
export async function createEmptyDatabase(): Promise<string> {
  const name = `andon_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: inject('postgresUrl') });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  return inject('postgresUrl').replace(/\/postgres$/, `/${name}`);
}

/** Shifts the clock of a test database. */
export async function shiftClock(store: Store, ms: number): Promise<void> {
  await store.rows({ name: '', text: 'select andon_shift_clock($1)' }, [ms]);
}
