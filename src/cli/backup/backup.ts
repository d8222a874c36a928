import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { enter } from '../../gateway/admission/enter.ts';
import type { GitRunner } from '../../git/runner.ts';
import { fail } from '../../lib/errors.ts';
import { refuseUnknown, versionOf } from '../../store/migrate.ts';
import { type Store, statement, type Tx } from '../../store/store.ts';
import type { MadeBackup } from './gateway-socket.ts';
import { digestOf, type Manifest, manifestName, packFile, tableFile } from './manifest.ts';
import { readRepositories, savePack } from './repositories.ts';
import { dumpTable, plainName, tablesInOrder } from './tables.ts';

/** The parts to back up, and the folder of the backup. */
export interface BackupInput {
  readonly store: Store;
  readonly runner: GitRunner;
  readonly reposFolder: string;
  /** The new folder, which must not exist yet; appears whole or not at all. */
  readonly folder: string;
}

/**
 * Copies database and repositories in their state at one moment. Every writer waits while tables and refs are
 * read; packs are written afterwards, from the objects that the refs named then. Private keys are no part of
 * the backup.
 */
export async function backup({ store, runner, reposFolder, folder }: BackupInput): Promise<Manifest> {
  const aside = `${folder}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(aside, { mode: 0o700 });
  try {
    const seen = await store.transaction((tx) => readAll(tx, { runner, reposFolder, folder: aside }));
    for (const one of seen.repositories) await savePack(runner, reposFolder, one, aside);
    const manifest = { ...seen, files: await digests(seen, aside) };
    await writeSynced(join(aside, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await rename(aside, folder);
    return manifest;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** The numbers of a backup, for people. */
export const madeOf = ({ position, repositories, tables }: Manifest): MadeBackup => ({
  position,
  rows: tables.reduce((sum, table) => sum + table.rows, 0),
  repositories: repositories.map(({ project }) => project),
});

type BackupSight = Omit<Manifest, 'files'>;

async function readAll(
  tx: Tx,
  { runner, reposFolder, folder }: Omit<BackupInput, 'store'>,
): Promise<BackupSight> {
  const schema = await knownSchema(tx);
  await enter(tx, { project: '*', exclusive: true });
  const names = await tablesInOrder(tx);
  const quoted = names.map((name) => `"${plainName(name)}"`).join(', ');
  await tx.rows(statement('', `lock table ${quoted} in share mode`));
  const repositories = await readRepositories(runner, reposFolder);
  const [meta] = await tx.rows<{ installation: string; at: Date; position: number }>(
    statement(
      '',
      `select installation, andon_now() as at, (select coalesce(max(position), 0)::bigint from events) as position from andon_meta`,
    ),
  );
  if (meta === undefined) throw fail('store.backup', 'database', { found: 'no gateway ever ran on it' });
  const tables: { name: string; rows: number }[] = [];
  for (const name of names)
    tables.push({ name, rows: await dumpTable(tx, name, join(folder, tableFile(name))) });
  const { installation, at, position } = meta;
  return {
    format: 'andon-backup-1',
    schema,
    installation,
    at: at.toISOString(),
    position,
    tables,
    repositories,
  };
}

async function knownSchema(tx: Tx): Promise<number> {
  const version = await versionOf(tx);
  if (version === 0)
    throw fail('store.backup', 'database', {
      found: 'no gateway ever ran on it',
      next: 'start the gateway once: andon up',
    });
  refuseUnknown(version, 'schema');
  return version;
}

async function digests(
  { tables, repositories }: BackupSight,
  folder: string,
): Promise<Record<string, string>> {
  const names = [
    ...tables.map(({ name }) => tableFile(name)),
    ...repositories.map(({ project }) => packFile(project)),
  ];
  const found: Record<string, string> = {};
  for (const name of names) found[name] = await digestOf(join(folder, name));
  return found;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
