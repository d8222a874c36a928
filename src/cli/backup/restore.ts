import { join } from 'node:path';
import type { GitRunner } from '../../git/runner.ts';
import { fail } from '../../lib/errors.ts';
import { appendEvents, event, gatewayEvent } from '../../store/log/events.ts';
import type { LogMark } from '../../store/log/mark.ts';
import { chainOnce } from '../../store/log/sequencer.ts';
import { migrateForRows } from '../../store/migrate.ts';
import { type Store, statement, type Tx } from '../../store/store.ts';
import { verifySession } from '../doctor/store.ts';
import { type Manifest, tableFile } from './manifest.ts';
import { loadRepository } from './repositories.ts';
import { loadTable, plainName, settleSequences, tablesInOrder } from './tables.ts';

/** The parts to restore, and the backup. */
export interface RestoreInput {
  /** Store without data: just made, or an empty database. */
  readonly store: Store;
  readonly runner: GitRunner;
  readonly reposFolder: string;
  readonly folder: string;
  readonly manifest: Manifest;
  /** The end of the log that this machine remembers; only a restore may go below it. */
  readonly mark: LogMark | undefined;
}

/** The result of a restore. */
export interface Restored {
  readonly projects: readonly string[];
  readonly events: number;
}

/**
 * Restores a backup: rows in the schema that wrote them and from there to this version's, then repositories;
 * after that every epoch is raised, so that no earlier token is good, and the chain is verified. Errors:
 * `store.backup`, `store.newer`, `store.older`, `audit.broken`.
 */
export async function restore({
  store,
  runner,
  reposFolder,
  folder,
  manifest,
  mark,
}: RestoreInput): Promise<Restored> {
  const projects = await store.transaction(async (tx) => {
    const { schema, installation } = manifest;
    const upgrade = await migrateForRows(tx, schema, { purpose: 'production', installation });
    await refuseUsed(tx);
    for (const one of manifest.repositories) await loadRepository(runner, reposFolder, one, folder);
    await loadAll(tx, manifest, folder);
    await upgrade();
    tellMark(tx, mark, manifest);
    return raiseEpochs(tx, reposFolder);
  });
  while ((await chainOnce(store)) > 0);
  const audit = await verifySession(store);
  if (audit.fault !== null) {
    const { position, found, expected } = audit.fault;
    throw fail('audit.broken', `position ${position}`, { found, limit: expected });
  }
  return { projects, events: audit.events };
}

async function refuseUsed(tx: Tx): Promise<void> {
  const [row] = await tx.rows<{ events: number; projects: number }>(
    statement(
      '',
      `select (select count(*) from events)::int as events, (select count(*) from projects where name <> '*')::int as projects`,
    ),
  );
  if (row === undefined || row.events > 0 || row.projects > 0)
    throw fail('store.backup', 'database', {
      found: 'one that is in use',
      limit: 'an empty one',
      next: 'restore into an empty folder or database',
    });
}

async function loadAll(tx: Tx, { tables }: Manifest, folder: string): Promise<void> {
  const known = await tablesInOrder(tx);
  // Rows that the migrations wrote by themselves come back from the backup. The log is empty, and nothing is
  // deleted from it.
  for (const { name } of [...tables].reverse())
    if (known.includes(name) && name !== 'events')
      await tx.rows(statement('', `delete from "${plainName(name)}"`));
  for (const { name, rows } of tables) {
    if (!known.includes(name))
      throw fail('store.backup', name, { found: 'a table that this version does not have' });
    const loaded = await loadTable(tx, name, join(folder, tableFile(name)));
    if (loaded !== rows) throw fail('store.backup', name, { found: `${loaded} rows`, limit: `${rows} rows` });
  }
  await settleSequences(tx);
}

/** Records in the restored log that it ends before its mark. */
function tellMark(tx: Tx, mark: LogMark | undefined, { position, installation }: Manifest): void {
  if (mark === undefined) return;
  const isOlder = mark.installation !== installation || mark.position > position;
  if (!isOlder) return;
  const missing = mark.installation === installation ? mark.position - position : mark.position;
  const accepted = event('log.accepted', 'log', {
    missing,
    mark: mark.position,
    markHash: mark.hash,
    end: position,
    why: 'restored from a backup',
  });
  appendEvents(tx, [gatewayEvent('*', accepted)]);
}

async function raiseEpochs(tx: Tx, reposFolder: string): Promise<string[]> {
  const raised = await tx.rows<{ name: string; epoch: number }>(
    statement(
      '',
      `update projects set epoch = epoch + 1, epoch_raised_at = andon_now(), repository = case when name = '*' then '' else $1 || '/' || name || '.git' end
       returning name, epoch`,
    ),
    [reposFolder],
  );
  const why = 'restored from a backup';
  appendEvents(
    tx,
    raised.map(({ name, epoch }) =>
      gatewayEvent(name, event('epoch.raised', `project/${name}`, { epoch, why })),
    ),
  );
  return raised.map(({ name }) => name).filter((name) => name !== '*');
}
