import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { createAnalyser } from './analysis/analyser.ts';
import type { Config } from './config.ts';
import { openKeyRing } from './gateway/auth/keys.ts';
import { ensureOwner, type OwnerToken } from './gateway/auth/owner.ts';
import { createRevocations } from './gateway/auth/revocations.ts';
import { createTokenService } from './gateway/auth/token-service.ts';
import { createForesight, type Foresight } from './gateway/door/foreseen.ts';
import type { Gateway } from './gateway/door/gateway.ts';
import { GitProjects } from './gateway/git-projects.ts';
import { createGitDoor } from './gateway/git-receive/git-door.ts';
import { installHook } from './gateway/git-receive/hook.ts';
import { createHttpServer } from './gateway/http/server.ts';
import { LineService } from './gateway/line-service.ts';
import { createMetrics } from './gateway/metrics.ts';
import { createRouter } from './gateway/routers/index.ts';
import { sweepLocks } from './git/locks.ts';
import { createGitRunner } from './git/runner.ts';
import { fail } from './lib/errors.ts';
import type { LandingPoint } from './line/land-one.ts';
import { Chainer } from './store/chainer.ts';
import { Feed } from './store/feed.ts';
import { migrate } from './store/migrate.ts';
import { openPglite } from './store/pglite.ts';
import { openPostgres } from './store/postgres.ts';
import { type Store, statement } from './store/store.ts';
import { startHousekeeping } from './triggers/housekeeping.ts';

export interface App {
  readonly url: string;
  readonly gateway: Gateway;
  readonly owner: OwnerToken;
  /** Stops taking requests, lets running ones end, closes everything. */
  close(): Promise<void>;
}

export interface AppExtras {
  readonly log?: Logger;
  /** Named points of landings, for tests that die there. */
  readonly at?: (point: LandingPoint) => void;
  /** Put around the opened store, for tests that die at a commit. */
  readonly watch?: (store: Store) => Store;
  readonly purpose?: 'production' | 'test';
  /** In the place of the usual one, for tests that compare with a gateway that foresees nothing. */
  readonly foresight?: (store: Store) => Foresight;
}

/** Opens the store, brings its schema up to date, starts the gateway. The composition root. */
export async function startApp(config: Config, extras: AppExtras = {}): Promise<App> {
  const log = extras.log ?? createLog(config.logLevel);
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  const opened = await openStore(config);
  const store = extras.watch?.(opened) ?? opened;
  try {
    await migrate(store, {
      purpose: extras.purpose ?? 'production',
      installation: randomBytes(8).toString('hex'),
    });
    return await startOn(store, config, log, extras);
  } catch (error) {
    // It may be closed already; the first error is the one that tells why.
    await store.close().catch(() => undefined);
    throw error;
  }
}

/** Logs as JSON lines on stderr. What could hold a token is never given to the log; redaction is the second net. */
export const createLog = (level: string): Logger =>
  pino(
    {
      level,
      redact: ['*.authorization', '*.token', 'req.headers', 'err.config', 'err.options'],
      base: null,
    },
    pino.destination(2),
  );

function openStore({ databaseUrl, dataFolder, connectionsMax }: Config): Promise<Store> {
  if (databaseUrl !== undefined) return openPostgres({ url: databaseUrl, connectionsMax });
  return openPglite({ folder: join(dataFolder, 'db') });
}

const readInstallation = statement(
  'meta.installation',
  'select installation, andon_now() as now from andon_meta',
);

async function startOn(store: Store, config: Config, log: Logger, extras: AppExtras): Promise<App> {
  const [meta] = await store.rows<{ installation: string; now: Date }>(readInstallation);
  if (meta === undefined) throw new Error('the store was not migrated');
  const clock = new DatabaseClock(meta.now);
  const issuer = `andon://${meta.installation}`;
  const keys = await openKeyRing({ folder: join(config.stateFolder, 'keys'), now: clock.nowMs });
  const chainer = new Chainer(store, (error) => log.warn({ err: error }, 'chainer'));
  const feed = new Feed(store);
  const metrics = createMetrics({ feedSilentMs: () => feed.silentMs });
  const tokens = await createTokenService({
    store,
    issuer,
    keys,
    revocations: createRevocations(),
    now: clock.nowMs,
  });
  feed.hear(tokens.hear);
  await feed.start();
  const runner = createGitRunner(process.env.PATH === undefined ? {} : { path: process.env.PATH });
  const analyser = createAnalyser();
  const git = new GitProjects({
    store,
    runner,
    analyser,
    folder: join(config.dataFolder, 'repos'),
    upstreamEnv: upstreamEnvironment(),
  });
  // PGlite has one process, so whatever is left of another is dead; on PostgreSQL another gateway may be alive.
  const abandonedMs = store.engine === 'pglite' ? 0 : config.abandonedMs;
  const line = new LineService({
    store,
    chainer,
    git,
    tokens,
    metrics,
    log,
    abandonedMs,
    sandbox: config.sandbox,
    hidden: [config.dataFolder, config.stateFolder],
    gatesAtOnceMax: config.gatesAtOnceMax,
    ...(extras.at === undefined ? {} : { at: extras.at }),
  });
  const gateway: Gateway = {
    store,
    chainer,
    foresight: (extras.foresight ?? createForesight)(store),
    feed,
    tokens,
    git,
    analyser,
    line,
    metrics,
    log,
    nowSeconds: () => clock.nowMs() / 1000,
  };
  const hooksDir = join(config.dataFolder, 'hooks');
  await installHook(hooksDir);
  const owner = await ensureOwner({ store, tokens, chainer, file: join(config.stateFolder, 'token') });
  const housekeeping = await startHousekeeping({
    store,
    line,
    clock,
    owner,
    log,
    sweep: () => sweepAll(gateway, log),
  });
  const server = createHttpServer({
    gateway,
    router: createRouter(gateway),
    git: createGitDoor(gateway, hooksDir, log),
    hosts: config.hosts,
    log,
    ...(config.tls === undefined ? {} : { tls: config.tls }),
  });
  const close = async (): Promise<void> => {
    await housekeeping.close();
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const force = setTimeout(() => server.closeAllConnections(), 5_000);
    await ended;
    clearTimeout(force);
    await line.close();
    await git.close();
    await runner.close();
    analyser.close();
    await chainer.close();
    await feed.close();
    await store.close();
  };
  try {
    await listen(server, config);
  } catch (error) {
    // Everything is running by now and would keep the process alive.
    await close();
    throw error;
  }
  return { url: urlOf(server, config), gateway, owner, close };
}

function listen(server: Server, { host, port }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? fail('gateway.port', `${host}:${port}`, {}, error) : error),
    );
    server.listen(port, host, resolve);
  });
}

function urlOf(server: Server, { host, tls }: Config): string {
  const { port } = server.address() as AddressInfo;
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Removes what a killed git left behind, before anything can be blocked by it; returns how much was too young to go. */
async function sweepAll({ store, git }: Gateway, log: Logger): Promise<number> {
  let left = 0;
  const rows = await store.rows<{ name: string }>(
    statement('projects.names', `select name from projects where name <> '*'`),
  );
  for (const { name } of rows) {
    const { removed, kept } = await sweepLocks(git.folderOf(name), { nowMs: Date.now() });
    if (removed.length > 0) log.warn({ project: name, removed }, 'removed stale locks');
    left += kept.length;
  }
  return left;
}

/** What git needs to reach upstream remotes as the operator does. */
function upstreamEnvironment(): Record<string, string> {
  const names = ['HOME', 'SSH_AUTH_SOCK', 'GIT_SSH_COMMAND', 'GIT_ASKPASS', 'HTTPS_PROXY', 'https_proxy'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? '']])),
  );
}

/** The database's clock between two readings: its last answer plus what has passed here since. */
export class DatabaseClock {
  #readMs: number;
  #at = performance.now();

  constructor(now: Date) {
    this.#readMs = now.getTime();
  }

  set(now: Date): void {
    this.#readMs = now.getTime();
    this.#at = performance.now();
  }

  nowMs = (): number => this.#readMs + (performance.now() - this.#at);
}
