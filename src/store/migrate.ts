import { fail } from '../lib/errors.ts';
import { longStatement } from './long-statement.ts';
import { migrations } from './migrations/index.ts';
import { type Store, statement, type Tx } from './store.ts';

export interface MigrateOptions {
  readonly purpose: 'production' | 'test';
  /** A name for this installation, written once; backups and checkpoints carry it. */
  readonly installation: string;
}

const lockKey = 7099;

/**
 * Brings the schema up to this binary's version, one gateway at a time (several may start at once).
 * Errors: `store.newer` when the schema is ahead of this binary.
 */
export function migrate(store: Store, options: MigrateOptions): Promise<void> {
  return longStatement(() => store.transaction((tx) => migrateIn(tx, options)));
}

async function migrateIn(tx: Tx, options: MigrateOptions): Promise<void> {
  await tx.rows(statement('', `select pg_advisory_xact_lock(${lockKey})`));
  await tx.rows(
    statement(
      '',
      'create table if not exists andon_migrations (version int primary key, name text not null, at timestamptz not null default clock_timestamp())',
    ),
  );
  const [found] = await tx.rows<{ version: number }>(
    statement('', 'select coalesce(max(version), 0)::int as version from andon_migrations'),
  );
  const version = found?.version ?? 0;
  refuseNewer(version);
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue;
    for (const part of splitStatements(migration.sql)) await tx.rows(statement('', part));
    await tx.rows(statement('', 'insert into andon_migrations (version, name) values ($1, $2)'), [
      index + 1,
      migration.name,
    ]);
  }
  if (version > 0) return;
  await tx.rows(statement('', 'insert into andon_meta (purpose, installation) values ($1, $2)'), [
    options.purpose,
    options.installation,
  ]);
}

function refuseNewer(version: number): void {
  if (version <= migrations.length) return;
  throw fail('store.newer', 'schema', { found: version, limit: migrations.length });
}

/** Statements of a migration: separated by `;` at the end of a line, outside `$$` bodies. */
function splitStatements(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let inBody = false;
  for (const lineText of text.split('\n')) {
    part += `${lineText}\n`;
    if ((lineText.split('$$').length - 1) % 2 === 1) inBody = !inBody;
    if (inBody || !lineText.trimEnd().endsWith(';')) continue;
    parts.push(part.trim());
    part = '';
  }
  if (part.trim() !== '') parts.push(part.trim());
  return parts;
}

/** The version of the schema that this binary writes. */
export const schemaVersion = migrations.length;
