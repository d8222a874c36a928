import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { App } from '../../app.ts';
import type { Config, ConfigInput } from '../../config.ts';
import { fail } from '../../lib/errors.ts';
import { containmentWords } from '../../runtime/containment-words.ts';
import type { SandboxSetting } from '../../runtime/run-gate.ts';
import { findContainment } from '../../runtime/sandbox.ts';
import type { Run } from '../command.ts';
import { type GatewayFile, readGateway, removeGateway, writeGateway } from '../gateway-file.ts';
import { excludeDataFolder } from '../init/exclude.ts';
import { nameOf, type Place, placeAt } from '../init/place.ts';
import { keepSettings, readSettings } from '../init/settings.ts';
import { asAndonError } from '../refusal.ts';
import { settle } from './adopt.ts';
import { namedCommands } from './commands.ts';
import { type OwnRunner, startOwnRunner } from './own-runner.ts';
import { freePort } from './port.ts';

export interface UpOptions {
  readonly port?: number;
  readonly host?: string;
  readonly hosts?: string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy?: boolean;
  readonly databaseUrl?: string;
  readonly sandbox?: SandboxSetting;
  readonly command?: string[];
  readonly webhookHost?: string[];
  readonly logLevel: string;
  readonly runner?: boolean;
  readonly runs?: number;
}

/** `andon up`: everything until the gateway has ended. */
export async function up(run: Run<UpOptions>): Promise<void> {
  const { world, options, terminal } = run;
  // From the first moment: a signal that comes while the database is made ends the start in order, too.
  const ended = untilSignal();
  const place = await placeAt(world.cwd);
  const project = await nameOf(place, options.project);
  await excludeDataFolder(place.root);
  const config = world.root.configure(await configInput(run, place), world.env);
  terminal.talk(`starting ${config.databaseUrl === undefined ? 'PGlite' : 'on PostgreSQL'} …`);
  const app = await start(run, config, place);
  let file: GatewayFile | undefined;
  let runner: OwnRunner | undefined;
  try {
    const talk = await settle(app, {
      place,
      project,
      upstream: (await readSettings(place.dataFolder)).upstream,
    });
    await keepSettings(place.dataFolder, { port: Number(new URL(app.url).port) });
    file = gatewayFile(app, project);
    await writeGateway(place.dataFolder, config.stateFolder, file);
    runner = await startOwnRunner(run, app, { project, config });
    tell(run, file, talk);
    const signal = await ended;
    terminal.talk(`${signal}: letting running calls end`);
  } finally {
    await runner?.close();
    if (file !== undefined) await removeGateway(place.dataFolder, config.stateFolder, file);
    await app.close();
  }
}

/** Nobody else may write to what a gateway makes, nor may the git that it starts let them, whatever the umask was. */
function closeToOthers(): void {
  process.umask(process.umask(0o077) | 0o022);
}

async function start({ world }: Run<UpOptions>, config: Config, { dataFolder }: Place): Promise<App> {
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

const gatewayFile = ({ url, owner }: App, project: string): GatewayFile => ({
  url,
  tokenFile: owner.file,
  project,
  git: `${url}/git/${project}.git`,
});

/** The mode in which gates and runs are held here, and where it is weak. */
function containmentLines(path: string | undefined): string[] {
  const { mode, weak } = containmentWords(findContainment(path));
  return [`contained ${mode}`, ...weak.map((words) => `  weak    ${words}`)];
}

function tell({ terminal, world }: Run<UpOptions>, file: GatewayFile, talk: readonly string[]): void {
  if (terminal.json) terminal.data(JSON.stringify(file));
  else terminal.data(file.url);
  for (const line of talk) terminal.talk(line);
  const lines = [
    ...containmentLines(world.env.PATH),
    `project   ${file.project}`,
    `clone     andon git clone ${file.git}`,
    `token     ${file.tokenFile} (yours; keep it from agents)`,
    'mint      andon token mint --agent agent:builder-1 --tier implementer --out .andon/tokens/builder-1',
    'watch     andon status --watch',
    `take      andon git pull ${file.git} main   (what has landed, into your checkout)`,
    'Ctrl-C ends the gateway; nothing is lost.',
  ];
  for (const line of lines) terminal.talk(line);
}

async function configInput({ options, world }: Run<UpOptions>, place: Place): Promise<ConfigInput> {
  const { hosts, host, behindProxy, databaseUrl, sandbox, logLevel, command, webhookHost } = options;
  const tls = await readTls(options, world.cwd);
  const last = (await readSettings(place.dataFolder)).port;
  const port = options.port ?? (last === undefined ? 0 : await freePort(last, host ?? '127.0.0.1'));
  const given = {
    host,
    behindProxy,
    databaseUrl,
    sandbox,
    tls,
    hosts: hosts?.map((name) => name.toLowerCase()),
    commands: command && namedCommands(command, world.cwd),
    webhookHosts: webhookHost?.map((name) => name.toLowerCase()),
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { dataFolder: place.dataFolder, port, logLevel, ...present };
}

async function readTls(
  { tlsCert, tlsKey }: UpOptions,
  cwd: string,
): Promise<{ cert: string; key: string } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw fail('cli.usage', '--tls-cert and --tls-key', { found: 'one of the two', limit: 'both' });
  const [cert, key] = await Promise.all([readPem(resolve(cwd, tlsCert)), readPem(resolve(cwd, tlsKey))]);
  return soundPair(cert, key);
}

/** Certificate and key before anything is started on them. Errors: `cli.usage` when they are no pair. */
function soundPair(cert: string, key: string): { cert: string; key: string } {
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    const { message } = error as Error;
    throw fail(
      'cli.usage',
      '--tls-cert and --tls-key',
      { found: message, limit: 'a certificate and its private key, in PEM' },
      error,
    );
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw fail('cli.usage', path, { found: code, next: 'name a PEM file' }, error);
  }
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
