import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { inject } from 'vitest';
import { openPglite } from '../../src/store/pglite/pglite.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabaseOn } from './databases.ts';
import { seed } from './seed.ts';
import { sized } from './size.ts';

export type Engine = 'pglite' | 'postgres';
export const engines: readonly Engine[] = ['pglite', 'postgres'];

/** The parts into which the cases of a test fall in `npm test`: two of them are taken, one by each engine. */
const parts = 2 * engines.length;

/**
 * The cases of a test that an engine takes: every fourth one in `npm test`, beginning where the seed of the run says,
 * all of them in `npm run test:long`.
 */
export function shareOf<T>(engine: Engine, cases: readonly T[]): readonly T[] {
  const own = (2 * engines.indexOf(engine) + seed) % parts;
  console.log(`${engine}: part ${sized(String(own), 'all')} of ${cases.length} cases, seed ${seed}`);
  return cases.filter((_, n) => sized(n % parts, own) === own);
}

/**
 * The engine that a file of tests takes in `npm test`, told by its name; both in `npm run test:long`. For what reaches the
 * store through a gateway only: the tests of the store and of claims take both each time.
 */
export function enginesOf(file: string): readonly Engine[] {
  const own = createHash('sha256').update(basename(file)).digest()[0] ?? 0;
  return engines.filter((_, n) => sized(own % engines.length, n) === n);
}

/** A fresh, migrated store for one test file. */
export async function openTestStore(engine: Engine): Promise<Store> {
  if (engine === 'pglite') return openPglite({ dump: new Blob([readFileSync(inject('pgliteDump'))]) });
  return openPostgres({ url: await createDatabase() });
}

/** A fresh, migrated database on the real server; its URL, so that several stores can open it. */
export const createDatabase = (): Promise<string> =>
  createDatabaseOn(inject('postgresUrl'), inject('postgresTemplate'));

/** A fresh database without anything in it; its URL. */
export const createEmptyDatabase = (): Promise<string> => createDatabaseOn(inject('postgresUrl'));

/**
 * Puts a migrated database where a gateway will look for that of PGlite, unless one is there: making a new
 * one takes seconds.
 */
export function preparePglite(dataFolder: string): void {
  const folder = `${dataFolder}/db`;
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  execFileSync('cp', ['-R', inject('pgliteFolder'), folder]);
}

/** Shifts the clock of a test database. */
export async function shiftClock(store: Store, ms: number): Promise<void> {
  await store.rows({ name: '', text: 'select andon_shift_clock($1)' }, [ms]);
}
