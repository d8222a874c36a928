import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { GitRunner } from '../../git/runner.ts';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import type { Store } from '../../store/store.ts';
import { type Answer, act, leaf, type Run } from '../command.ts';
import { asAndonError } from '../refusal.ts';
import type { World } from '../world.ts';
import { dataFolderOf } from './doctor.ts';

interface StoreOptions {
  readonly data?: string;
  readonly databaseUrl?: string;
}

const aboutBackup = `copies database and repositories, as they are at one moment, into a new folder.
The gateway may run: one that holds PGlite makes the backup itself. Private keys and tokens are not copied: they lie in
your state folder, and a restore ends every earlier token.`;

const aboutRestore = `brings a backup back into an empty data folder or an empty PostgreSQL database, raises every epoch (no
earlier token is good), and verifies the chain. Then: andon up.
With --here nothing is restored: a running gateway, which only reads because the log of its database is below its mark,
accepts that database as it is, and records that in the log.`;

const withStore = (command: Command): Command =>
  command
    .option('--data <folder>', 'the data folder (default: .andon of the repository here)')
    .option('--database-url <url>', 'PostgreSQL (default: DATABASE_URL, else PGlite in the data folder)');

/** The command `andon backup`. */
export function backupCommand(world: World): Command {
  return withStore(leaf('backup', 'copy database and repositories into a folder', aboutBackup))
    .argument('<folder>', 'a folder that does not exist yet')
    .action(act<StoreOptions, [string]>(world, runBackup));
}

interface RestoreOptions extends StoreOptions {
  readonly here?: boolean;
  readonly reason?: string;
}

/** The command `andon restore`. */
export function restoreCommand(world: World): Command {
  return withStore(leaf('restore', 'restore a backup', aboutRestore))
    .argument('[folder]', 'a folder that andon backup wrote')
    .option('--here', 'accept the present database, although its log is below its mark')
    .option('--reason <text>', 'with --here: the reason to accept it')
    .action(act<RestoreOptions, [string | undefined]>(world, restoreOrAccept));
}

async function restoreOrAccept(run: Run<RestoreOptions>, folder: string | undefined): Promise<Answer> {
  const { here, reason } = run.options;
  if (here === true && folder === undefined && reason !== undefined) return acceptHere(run, reason);
  if (here !== true && folder !== undefined) return runRestore(run, folder);
  throw fail('cli.usage', 'restore', {
    found: here === true ? '--here without a reason, or with a folder' : 'no folder',
    limit: 'andon restore FOLDER, or andon restore --here --reason "…"',
  });
}

/** Lowers the mark of the log to what the database of the running gateway holds. */
async function acceptHere(run: Run<RestoreOptions>, reason: string): Promise<Answer> {
  const { client } = await run.link();
  const accepted = await client.audit.accept.mutate({ project: '*', reason });
  const { missing, mark, end } = accepted;
  return {
    data: accepted,
    lines: [`accepted: ${missing} positions are missing, the mark was ${mark}, the log ended at ${end}`],
    talk: ['revocations, stops and landings of the missing part are gone; next: andon doctor, andon up'],
  };
}

interface Opened {
  readonly store: Store;
  readonly runner: GitRunner;
  readonly reposFolder: string;
}

/** Opens the store for `work`, and closes it after success or failure. */
async function onStore<T>(
  dataFolder: string,
  databaseUrl: string | undefined,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { openPglite } = await import('../../store/pglite/pglite.ts');
  const { openPostgres } = await import('../../store/postgres.ts');
  const { createGitRunner } = await import('../../git/runner.ts');
  const store = await (databaseUrl === undefined
    ? openPglite({ folder: join(dataFolder, 'db') })
    : openPostgres({ url: databaseUrl, connectionsMax: 4 }));
  const runner = createGitRunner(defined({ path: process.env.PATH }));
  try {
    return await work({ store, runner, reposFolder: join(dataFolder, 'repos') });
  } finally {
    await runner.close();
    await store.close();
  }
}

const urlOf = ({ options, world }: Run<StoreOptions>): string | undefined =>
  options.databaseUrl ?? (world.env.DATABASE_URL || undefined);

async function runBackup(run: Run<StoreOptions>, target: string) {
  const { backup, madeOf } = await import('../backup/backup.ts');
  const { askForBackup } = await import('../backup/gateway-socket.ts');
  const folder = resolve(run.world.cwd, target);
  if (existsSync(folder))
    throw fail('store.backup', folder, { found: 'a folder that is there', next: 'name another folder' });
  const dataFolder = await dataFolderOf(run.world, run.options.data);
  const databaseUrl = urlOf(run);
  // Opening PGlite would make a new, empty database.
  if (databaseUrl === undefined && !existsSync(join(dataFolder, 'db')))
    throw fail('store.backup', dataFolder, {
      found: 'no database',
      next: 'name the data folder with --data',
    });
  const made = await onStore(dataFolder, databaseUrl, async (opened) =>
    madeOf(await backup({ ...opened, folder })),
  ).catch((error: unknown) => {
    if (databaseUrl !== undefined || asAndonError(error).code !== 'store.locked') throw error;
    return askForBackup(dataFolder, folder);
  });
  const { position, rows, repositories } = made;
  return {
    data: { folder, ...made },
    lines: [folder],
    talk: [
      `${rows} rows, ${repositories.length} ${repositories.length === 1 ? 'repository' : 'repositories'}, log up to position ${position}; no private keys`,
    ],
  };
}

async function runRestore(run: Run<StoreOptions>, source: string) {
  const { readManifest } = await import('../backup/manifest.ts');
  const { restore } = await import('../backup/restore.ts');
  const { markFile } = await import('../../gateway/log-mark/mark-file.ts');
  const { markPathOf } = await import('../../gateway/log-mark/open-keeper.ts');
  const { markOf } = await import('../../store/log/mark.ts');
  const folder = resolve(run.world.cwd, source);
  const manifest = await readManifest(folder);
  const dataFolder = await dataFolderOf(run.world, run.options.data);
  const databaseUrl = urlOf(run);
  await refuseUsed(dataFolder);
  const place = markFile(markPathOf(run.world.root.stateFolderOf(dataFolder, run.world.env)));
  const mark = await place.read();
  try {
    const data = await onStore(dataFolder, databaseUrl, async (opened) => {
      const restored = await restore({ ...opened, folder, manifest, mark });
      await place.write(await markOf(opened.store));
      return restored;
    });
    return {
      data,
      lines: [`${data.projects.join(', ')}: ${data.events} events, unbroken`],
      talk: ['every token from before is dead; next: andon up, then mint new ones'],
    };
  } catch (error) {
    // Folder and database were missing before: half of a restore is of no use.
    await rm(join(dataFolder, 'repos'), { recursive: true, force: true });
    if (databaseUrl === undefined) await rm(join(dataFolder, 'db'), { recursive: true, force: true });
    throw error;
  }
}

async function refuseUsed(dataFolder: string): Promise<void> {
  const repos = await readdir(join(dataFolder, 'repos')).catch(() => []);
  if (repos.length === 0 && !existsSync(join(dataFolder, 'db'))) return;
  throw fail('store.backup', dataFolder, {
    found: 'a folder in use',
    limit: 'an empty one',
    next: 'name another folder with --data',
  });
}
