import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../../app.ts';
import type { Config, ConfigInput } from '../../config.ts';
import { defined } from '../../lib/defined.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import { containmentWords } from '../../sandbox/containment-words.ts';
import { findContainment } from '../../sandbox/sandbox.ts';
import { type BelowMark, belowWords } from '../../store/log/mark.ts';
import { serveBackups } from '../backup/gateway-socket.ts';
import type { Run } from '../command.ts';
import { connect } from '../connect.ts';
import { type GatewayFile, readGateway, removeGateway, writeGateway } from '../gateway-file.ts';
import { excludeDataFolder } from '../init/exclude.ts';
import { nameOf, type UserRepository, userRepositoryAt } from '../init/repository.ts';
import { keepSettings, readSettings } from '../init/settings.ts';
import { turnFileOf, watchLoop } from '../loop-watch/loop-watch.ts';
import { openPage } from '../open/open.ts';
import { asAndonError } from '../refusal.ts';
import type { Terminal } from '../terminal.ts';
import type { World } from '../world.ts';
import { knownProject, settle } from './adopt.ts';
import { namedCommands } from './commands.ts';
import { endWithKeeper, tellReady, upChild } from './keep-up.ts';
import type { UpOptions } from './options.ts';
import { type OwnRunner, startOwnRunner } from './own-runner.ts';
import { readTls } from './tls.ts';
import { witnessAt } from './witness.ts';

/** The command `andon up`: returns when the gateway has ended. */
export async function up(run: Run<UpOptions>): Promise<void> {
  const { world, terminal } = run;
  // Set from the first moment, so that a signal during the making of the database ends the start in order,
  // too.
  const ended = untilSignal();
  endWithKeeper();
  const repository = await userRepositoryAt(world.cwd);
  const named = await nameOrFault(run, repository);
  await excludeDataFolder(repository.root);
  const config = world.root.configure(await configInput(run, repository), world.env);
  watchLoop({ process: 'gateway', file: turnFileOf(config.stateFolder, 'gateway') });
  terminal.talk(`starting ${config.databaseUrl === undefined ? 'PGlite' : 'on PostgreSQL'} …`);
  const app = await start(run, config, repository);
  let file: GatewayFile | undefined;
  let runner: OwnRunner | undefined;
  const backups = await makeBackups(app, config);
  try {
    const { below } = app.gateway.logKeeper;
    const { upstream } = await readSettings(repository.dataFolder);
    const project =
      typeof named === 'string' ? named : await knownProject(app, repository.plan ?? '', named.fault);
    const talk =
      below === undefined
        ? await settle(app, { repository, project, upstream, branch: run.options.branch })
        : belowTalk(below, terminal);
    const port = Number(new URL(app.url).port);
    await keepSettings(repository.dataFolder, { port });
    file = gatewayFile(app, project);
    await writeGateway(repository.dataFolder, config.stateFolder, file);
    if (below === undefined) runner = await startOwnRunner(run, app, { project, config });
    tell(run, file, talk);
    tellReady(port);
    void tellPage(run, file);
    const signal = await ended;
    terminal.talk(`${signal}: letting running calls end`);
  } finally {
    await runner?.close();
    await backups.close();
    if (file !== undefined) await removeGateway(repository.dataFolder, config.stateFolder, file);
    await app.close();
  }
}

/** True for the first gateway of an `andon up --open`: one that comes back finds the page open. */
const opensPage = ({ options, world }: Run<UpOptions>): boolean =>
  options.open === true && upChild(world.env)?.portBefore === undefined;

/** Opens the page of this gateway where that is wanted; a fault of it is told, and the gateway goes on. */
async function tellPage(run: Run<UpOptions>, { url, tokenFile }: GatewayFile): Promise<void> {
  if (!opensPage(run)) return;
  const { world, terminal } = run;
  try {
    const link = () => connect({ url, tokenFile }, world);
    const { lines = [], talk = [] } = await openPage({ world, terminal, options: {}, link });
    for (const one of [...lines, ...talk]) terminal.talk(one);
  } catch (error) {
    terminal.talk(`the page was not opened: ${asAndonError(error).message}`);
  }
}

/** Backups of an embedded database, which this process alone can open. */
async function makeBackups(app: App, { dataFolder, databaseUrl }: Config) {
  if (databaseUrl !== undefined) return { close: async () => undefined };
  const { backup, madeOf } = await import('../backup/backup.ts');
  const { createGitRunner } = await import('../../git/runner.ts');
  return serveBackups(dataFolder, async (folder) => {
    const runner = createGitRunner(defined({ path: process.env.PATH }));
    const { store } = app.gateway;
    try {
      if (existsSync(folder)) throw fail('store.backup', folder, { found: 'a folder that is there' });
      return madeOf(await backup({ store, runner, reposFolder: join(dataFolder, 'repos'), folder }));
    } finally {
      await runner.close();
    }
  });
}

const belowTalk = (below: BelowMark, { paintTalk }: Terminal): string[] => [
  paintTalk('bad', `THE LOG IS BELOW ITS MARK: ${belowWords(below)}.`),
  'This gateway only reads. A loss of power, a database that was behind, or somebody who changed it: nobody can tell.',
  'next: bring back a better database; or accept this one: andon restore --here --reason "…", and then andon up again',
];

/**
 * The name of the project, or the fault of a draft that tells none; throws the fault without a database that
 * may know it.
 */
async function nameOrFault({ options, world }: Run<UpOptions>, repository: UserRepository) {
  try {
    return await nameOf(repository, options.project);
  } catch (fault) {
    const elsewhere = options.databaseUrl ?? world.env.DATABASE_URL;
    const mayKnow = elsewhere !== undefined || existsSync(join(repository.dataFolder, 'db'));
    if (!(fault instanceof AndonError) || !mayKnow) throw fault;
    return { fault };
  }
}

/** Lets no other user write to files that the gateway makes, or that its git makes, under any umask. */
function closeToOthers(): void {
  process.umask(process.umask(0o077) | 0o022);
}

async function start(
  { world }: Run<UpOptions>,
  config: Config,
  { dataFolder }: UserRepository,
): Promise<App> {
  closeToOthers();
  const log = await world.root.createLog(config.logLevel);
  try {
    return await world.root.startApp(config, { log });
  } catch (error) {
    const running = await readGateway(dataFolder, world).catch(() => undefined);
    if (running === undefined || asAndonError(error).code !== 'store.locked') throw error;
    throw fail(
      'store.locked',
      dataFolder,
      { found: `a gateway at ${running.url}`, next: 'use that one: andon status; or end it first' },
      error,
    );
  }
}

const gatewayFile = ({ url, owner, fingerprint }: App, project: string): GatewayFile => ({
  url,
  tokenFile: owner.file,
  project,
  git: `${url}/git/${project}.git`,
  key: fingerprint,
});

/** The mode of containment of gates and runs, and its weak points. */
function containmentLines(path: string | undefined): string[] {
  const { mode, weak } = containmentWords(findContainment(path));
  return [`contained ${mode}`, ...weak.map((words) => `  weak    ${words}`)];
}

function tell({ terminal, world }: Run<UpOptions>, file: GatewayFile, talk: readonly string[]): void {
  if (upChild(world.env)?.portBefore !== undefined) {
    // The gateway before this one printed the one line that programs read, with the same address.
    terminal.talk(`the gateway is back at ${file.url}`);
    return;
  }
  if (terminal.json) terminal.data(JSON.stringify(file));
  else terminal.data(file.url);
  for (const line of talk) terminal.talk(line);
  const lines = [
    ...containmentLines(world.env.PATH),
    `project   ${file.project}`,
    `clone     andon git clone ${file.git}`,
    `token     ${file.tokenFile} (yours; keep it from agents)`,
    `key       ${file.key}   (ANDON_GATEWAY_KEY of whoever reaches it by URL)`,
    'mint      andon token mint --agent agent:builder-1 --tier implementer --out .andon/tokens/builder-1',
    'watch     andon status --watch',
    `take      andon git pull ${file.git}   (what has landed, into your checkout)`,
    'Ctrl-C ends the gateway; nothing is lost.',
  ];
  for (const line of lines) terminal.talk(line);
}

async function configInput(
  { options, world }: Run<UpOptions>,
  repository: UserRepository,
): Promise<ConfigInput> {
  const { hosts, host, behindProxy, databaseUrl, sandbox, logLevel, command, webhookHost, witness, gates } =
    options;
  const tls = await readTls(options, world.cwd);
  const port = await portOf(options, world, repository);
  const given = {
    host,
    behindProxy,
    databaseUrl,
    sandbox,
    tls,
    gatesAtOnceMax: gates,
    hosts: hosts?.map((name) => name.toLowerCase()),
    commands: command && namedCommands(command, world.cwd),
    witnesses: witness?.map((text) => witnessAt(text, world.cwd)),
    webhookHosts: webhookHost?.map((name) => name.toLowerCase()),
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { dataFolder: repository.dataFolder, port, logLevel, ...present };
}

/** The port of the gateway before this one, the requested one, the last one, or any. */
async function portOf({ port }: UpOptions, { env }: World, repository: UserRepository): Promise<number> {
  const wanted = upChild(env)?.portBefore ?? port;
  // Never another port without a word: a program that listens at the last one would get the requests of
  // clients that know it.
  return wanted ?? (await readSettings(repository.dataFolder)).port ?? 0;
}

/** The first SIGINT or SIGTERM. A second one ends the process at once. */
function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isEnding = false;
    const heard = (signal: NodeJS.Signals): void => {
      if (isEnding) process.exit(1);
      isEnding = true;
      resolve(signal);
    };
    process.on('SIGINT', heard).on('SIGTERM', heard);
  });
}
