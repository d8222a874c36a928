import { type AndonError, fail } from '../lib/errors.ts';
import { longStatement } from './long-statement.ts';
import {
  migrationsBetween,
  oldestVersion,
  schemaVersion,
  statementsOf,
  versionsBefore,
} from './migrations/index.ts';
import { type Session, type Store, statement, type Tx } from './store.ts';

/** Purpose and name of the database that a migration makes or meets. */
export interface MigrateOptions {
  readonly purpose: 'production' | 'test';
  /** A name for this installation, written once; backups and checkpoints carry it. */
  readonly installation: string;
}

const lockKey = 7099;
/** Key of the lock that every writing transaction shares; see `andon_enter`. */
const everybodyKey = 7100;

/**
 * Brings the schema up to this binary's version, one gateway at a time (several may start at once). Errors:
 * `store.newer` when the schema is ahead of this binary, `store.older` when it is too far behind, `store.extension`
 * when the database has no pg_trgm and none can be made.
 */
export function migrate(store: Store, options: MigrateOptions): Promise<void> {
  return longStatement(() =>
    store.transaction(async (tx) => {
      const found = await lockedVersion(tx);
      refuseUnknown(found, 'schema');
      await carryOut(tx, found, schemaVersion);
      if (found === 0) await nameInstallation(tx, options);
    }),
  );
}

/**
 * Makes, in a database without a schema, the schema that rows of `version` are loaded into: that of their
 * version, or the first younger one. Answers the function that leads from there to this binary's version,
 * rows included. Errors: `store.newer` and `store.older` for such a version, `store.backup` when the database
 * has a later schema.
 */
export async function migrateForRows(
  tx: Tx,
  version: number,
  options: MigrateOptions,
): Promise<() => Promise<void>> {
  refuseUnknown(version, 'backup');
  const found = await lockedVersion(tx);
  refuseUnknown(found, 'schema');
  const start = Math.max(version, versionsBefore + 1);
  if (found > start)
    throw fail('store.backup', 'database', {
      found: `one of version ${found}`,
      limit: 'an empty one',
      next: 'restore into an empty folder or database',
    });
  await carryOut(tx, found, start);
  if (found === 0) await nameInstallation(tx, options);
  return () => carryOut(tx, version, schemaVersion);
}

/** The version of a database's schema; 0 when no gateway ever ran on it. */
export async function versionOf(session: Session): Promise<number> {
  const [there] = await session.rows<{ name: string | null }>(
    statement('', `select to_regclass('andon_migrations')::text as name`),
  );
  if (there?.name === null || there === undefined) return 0;
  const [row] = await session.rows<{ version: number }>(
    statement('', 'select coalesce(max(version), 0)::int as version from andon_migrations'),
  );
  return row?.version ?? 0;
}

/** The refusal of a version that this binary cannot migrate: `store.newer`, `store.older`. */
export function unknownVersion(version: number, subject: 'schema' | 'backup'): AndonError | undefined {
  const found = `version ${version}`;
  if (version > schemaVersion)
    return fail('store.newer', subject, { found, limit: `version ${schemaVersion}` });
  if (version > 0 && version < oldestVersion)
    return fail('store.older', subject, { found, limit: `version ${oldestVersion}` });
  return undefined;
}

/** Throws the refusal of a version that this binary cannot migrate. */
export function refuseUnknown(version: number, subject: 'schema' | 'backup'): void {
  const refused = unknownVersion(version, subject);
  if (refused !== undefined) throw refused;
}

async function lockedVersion(tx: Tx): Promise<number> {
  await tx.rows(statement('', `select pg_advisory_xact_lock(${lockKey})`));
  await tx.rows(
    statement(
      '',
      'create table if not exists andon_migrations (version int primary key, name text not null, at timestamptz not null default clock_timestamp())',
    ),
  );
  return versionOf(tx);
}

async function carryOut(tx: Tx, from: number, to: number): Promise<void> {
  const migrations = migrationsBetween(from, to);
  if (migrations.length === 0) return;
  await refuseWithoutExtension(tx);
  // Running gateways wait here, and not for one table while the migration waits for another that they hold.
  await tx.rows(statement('', `select pg_advisory_xact_lock(${everybodyKey})`));
  await tx.rows(statement('', `select set_config('andon.from_version', $1, true)`), [String(from)]);
  for (const migration of migrations) {
    for (const part of await statementsOf(migration)) await tx.rows(statement('', part));
    await tx.rows(
      statement('', 'insert into andon_migrations (version, name) values ($1, $2) on conflict do nothing'),
      [migration.version, migration.name],
    );
  }
}

const extension = statement(
  '',
  `select exists (select from pg_extension where extname = 'pg_trgm') as there,
     exists (select from pg_available_extensions where name = 'pg_trgm') as available,
     has_database_privilege(current_database(), 'create') as may`,
);

/** Refuses a database that the extension cannot be made in, before a migration fails on it in the words of PostgreSQL. */
async function refuseWithoutExtension(tx: Tx): Promise<void> {
  const [row] = await tx.rows<{ there: boolean; available: boolean; may: boolean }>(extension);
  if (row === undefined || row.there || (row.available && row.may)) return;
  const found = row.available ? 'a user that may not create it' : 'a server without it';
  throw fail('store.extension', 'pg_trgm', { found });
}

async function nameInstallation(tx: Tx, { purpose, installation }: MigrateOptions): Promise<void> {
  await tx.rows(statement('', 'insert into andon_meta (purpose, installation) values ($1, $2)'), [
    purpose,
    installation,
  ]);
}
