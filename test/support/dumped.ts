import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';
import { splitStatements } from '../../src/store/migrations/index.ts';
import { openPglite } from '../../src/store/pglite/pglite.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { createEmptyDatabase, type Engine } from './engines.ts';

const dump = readFileSync(resolve(import.meta.dirname, '../fixtures/before-0.1.sql'), 'utf8');

/** A database with the dump in it, as a gateway finds one. */
export async function openDumped(engine: Engine): Promise<Store> {
  if (engine === 'postgres') {
    const url = await createEmptyDatabase();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(dump);
    await client.end();
    return openPostgres({ url });
  }
  const store = await openPglite();
  for (const part of splitStatements(dump)) await store.rows(statement('', part));
  await store.rows(statement('', 'reset all'));
  return store;
}

/** Takes a database of version 13 back to an earlier one, by dropping the additions of versions 10 to 13. */
const back: Readonly<Record<number, readonly string[]>> = {
  12: ['alter table grants drop column seen'],
  11: ['alter table projects drop column protection_told'],
  10: [
    'drop trigger events_no_truncate on events',
    'drop trigger checkpoints_no_truncate on checkpoints',
    'drop trigger checkpoints_guard on checkpoints',
    'drop function andon_log_guard()',
  ],
  // Stands for the functions that version 10 took away.
  9: [`create function andon_gone(a text[], b int) returns int language sql as 'select 1'`],
  8: [],
};

export async function takeBackTo(store: Store, version: number): Promise<void> {
  for (let to = 12; to >= version; to--)
    for (const part of back[to] ?? []) await store.rows(statement('', part));
  await store.rows(statement('', 'delete from andon_migrations where version > $1'), [version]);
}
