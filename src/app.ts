import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createAnalyser } from './analysis/analyser.ts';
import type { LandingPoint } from './changes/landing.ts';
import type { Config } from './config.ts';
import { callOf } from './gateway/admission/admission.ts';
import { openKeyRing } from './gateway/auth/keys.ts';
import { openTokens } from './gateway/auth/open-tokens.ts';
import { createGitEndpoint } from './gateway/http/git/git-endpoint.ts';
import { installHook } from './gateway/http/git/hook.ts';
import { closeServer, hostsOf, listen, urlOf } from './gateway/http/listening.ts';
import { createHttpServer } from './gateway/http/server.ts';
import { startKeeper } from './gateway/log-mark/open-keeper.ts';
import { createMetrics } from './gateway/metrics.ts';
import { openIdentity } from './gateway/proof/identity.ts';
import { Repositories } from './gateway/repositories/repositories.ts';
import { ShownTrees } from './gateway/repositories/shown-trees.ts';
import { upstreamEnvironment } from './gateway/repositories/upstream-environment.ts';
import { type AppRouter, createRouter } from './gateway/router.ts';
import type { Gateway } from './gateway/services.ts';
import { ensureOwner, type OwnerToken } from './gateway/tokens/owner.ts';
import { TriggerService } from './gateway/triggers/service.ts';
import { startHousekeeping } from './gateway/workers/housekeeping.ts';
import { Workers, type WorkersOptions } from './gateway/workers/workers.ts';
import { sweepLocks } from './git/locks.ts';
import { createGitRunner } from './git/runner.ts';
import { leftTemporary, sweepTemporary } from './git/temporary.ts';
import { defined } from './lib/defined.ts';
import { indexDecisions } from './memory/index-decisions.ts';
import { createLog } from './process/create-log.ts';
import { gateBases } from './sandbox/gate-room.ts';
import { leftName, removeTree } from './sandbox/remove-tree.ts';
import { findContainment } from './sandbox/sandbox.ts';
import { DatabaseClock } from './store/clock.ts';
import { orDiskFull, roomBytes } from './store/disk-room.ts';
import { Feed } from './store/log/feed.ts';
import { Sequencer } from './store/log/sequencer.ts';
import { migrate } from './store/migrate.ts';
import { openStore } from './store/open.ts';
import { type Store, statement } from './store/store.ts';
import { webhookSecret } from './triggers/secret.ts';

/** Every procedure as a function. */
export type Caller = ReturnType<AppRouter['createCaller']>;

/** A started gateway, and the handles to use and close it in this process. */
export interface App {
  readonly url: string;
  readonly gateway: Gateway;
  readonly workers: Workers;
  readonly owner: OwnerToken;
  /** Fingerprint of the key that clients of this gateway pin. */
  readonly fingerprint: string;
  readonly server: Server;
  /**
   * Calls the router without a network in between, for a bearer of the token; admission judges these calls as
   * all others.
   */
  caller(token: string): Caller;
  /** Stops taking requests, lets running ones end, closes everything. */
  close(): Promise<void>;
}

/** Hooks for embedding a gateway into a test or another program. */
export interface AppExtras {
  readonly log?: Logger;
  /** Called at named points of landings, for tests that end the process there. */
  readonly at?: (point: LandingPoint) => void;
  /** Wraps the opened store, for tests that end the process at a commit. */
  readonly watch?: (store: Store) => Store;
  readonly purpose?: 'production' | 'test';
}

/** Opens the store, brings its schema up to date, starts the gateway. The composition root. */
export async function startApp(config: Config, extras: AppExtras = {}): Promise<App> {
  try {
    return await openAndStart(config, extras);
  } catch (error) {
    throw await orDiskFull(error, config.dataFolder);
  }
}

async function openAndStart(config: Config, extras: AppExtras): Promise<App> {
  const log = extras.log ?? createLog(config.logLevel);
  // Tried before any agent can use up the resources of the test.
  findContainment();
  const opened = await openStore(config);
  const store = extras.watch?.(opened) ?? opened;
  try {
    await migrate(store, {
      purpose: extras.purpose ?? 'production',
      installation: randomBytes(8).toString('hex'),
    });
    await indexDecisions(store);
    return await startOn(store, config, log, extras);
  } catch (error) {
    // The store may be closed already; the first error names the cause.
    await store.close().catch(() => undefined);
    throw error;
  }
}

const readInstallation = statement(
  'meta.installation',
  'select installation, andon_now() as now from andon_meta',
);

interface GatewayParts {
  readonly gateway: Gateway;
  readonly clock: DatabaseClock;
  readonly triggers: TriggerService;
  readonly workers: Workers;
}

/** Makes the gateway with everything that procedures use, before anybody can reach it. */
async function makeGateway(
  store: Store,
  config: Config,
  log: Logger,
  extras: AppExtras,
): Promise<GatewayParts> {
  const [meta] = await store.rows<{ installation: string; now: Date }>(readInstallation);
  if (meta === undefined) throw new Error('the store was not migrated');
  const clock = new DatabaseClock(meta.now);
  const keys = await openKeyRing({ folder: join(config.stateFolder, 'keys'), now: clock.nowMs });
  const feed = new Feed(store);
  const sequencer = new Sequencer(store, feed, (error) => log.warn({ err: error }, 'sequencer'));
  const metrics = createMetrics({
    feedSilentMs: () => feed.silentMs,
    roomBytes: () => roomBytes(config.dataFolder),
    foldersLeft: async () => (await leftTemporary(gateBases(), leftName)).length,
  });
  const tokens = await openTokens(feed, {
    store,
    issuer: `andon://${meta.installation}`,
    keys,
    now: clock.nowMs,
  });
  const runner = createGitRunner(defined({ path: process.env.PATH }));
  const analyser = createAnalyser();
  const folder = join(config.dataFolder, 'repos');
  const git = new Repositories({ store, runner, analyser, folder, upstreamEnv: upstreamEnvironment() });
  const { witnesses, stateFolder } = config;
  const logKeeper = await startKeeper({ store, stateFolder, witnesses, notes: git, log }, feed);
  const workers = openWorkers(config, extras, {
    store,
    sequencer,
    git,
    analyser,
    tokens,
    metrics,
    log,
    logKeeper,
  });
  const secret = await webhookSecret(config.stateFolder);
  const triggers = new TriggerService({ ...config, secret });
  const gateway: Gateway = {
    triggers,
    store,
    sequencer,
    feed,
    logKeeper,
    tokens,
    git,
    analyser,
    workers,
    metrics,
    shownTrees: new ShownTrees(),
    log,
    nowSeconds: () => clock.nowMs() / 1000,
    seeTime: clock.see,
  };
  triggers.start(gateway);
  return { gateway, clock, triggers, workers };
}

async function startOn(store: Store, config: Config, log: Logger, extras: AppExtras): Promise<App> {
  const parts = await makeGateway(store, config, log, extras);
  const { gateway, workers, triggers } = parts;
  const begun = [() => closeGateway(gateway, workers), () => triggers.close()];
  const close = async (): Promise<void> => {
    for (const end of begun.splice(0).reverse()) await end();
  };
  try {
    return { gateway, workers, close, ...(await open(parts, config, begun)) };
  } catch (error) {
    // Parts that are running already would keep the process alive, and work on a closed store.
    await close();
    throw error;
  }
}

/** Opens the listener and starts the workers. Started parts are put into `begun` at once, to be ended later. */
async function open(
  { gateway, clock, triggers, workers }: GatewayParts,
  config: Config,
  begun: (() => Promise<void>)[],
): Promise<Omit<App, 'gateway' | 'workers' | 'close'>> {
  const { store, log, sequencer, tokens } = gateway;
  const hooksDir = join(config.dataFolder, 'hooks');
  await installHook(hooksDir);
  const owner = await ensureOwner({ store, tokens, sequencer, file: join(config.stateFolder, 'token') });
  // The owner's grant is on `*`: raising that epoch, or one of a project, must not lock the owner out.
  gateway.feed.hear((events) => {
    if (events.some(({ type }) => type === 'epoch.raised'))
      owner.refresh().catch((error: unknown) => log.error({ err: error }, 'token of the owner'));
  });
  // A database below the mark of its log is only read, until a person accepts it and starts the gateway
  // again.
  if (gateway.logKeeper.below === undefined) await workers.upgrade();
  const router = createRouter(gateway);
  const identity = await openIdentity(join(config.stateFolder, 'keys'), owner.file);
  const server = createHttpServer({
    gateway,
    router,
    git: createGitEndpoint(gateway, hooksDir, log),
    hosts: hostsOf(config),
    identity,
    knownAs: config.hosts,
    pageFolder: config.pageFolder,
    caps: config,
    log,
    ...defined({ tls: config.tls }),
  });
  begun.push(() => closeServer(server));
  const sweep = () => sweepAll(gateway, log);
  const housekeeping = await startHousekeeping({ store, workers, clock, owner, triggers, log, sweep });
  begun.push(() => housekeeping.close());
  await listen(server, config);
  const caller = (token: string): Caller =>
    router.createCaller({
      call: async () => callOf(await tokens.identify(`Bearer ${token}`)),
    });
  return { url: urlOf(server, config), owner, fingerprint: identity.fingerprint, server, caller };
}

/** Ends the started parts, each before the parts that it needs. */
async function closeGateway(gateway: Gateway, workers: Workers): Promise<void> {
  const { git, analyser, sequencer, feed, logKeeper, store } = gateway;
  await workers.close();
  analyser.close();
  await sequencer.close();
  // git reaches the mirrors of the mark, so the mark is written before git ends.
  await logKeeper.close();
  await git.close();
  await git.runner.close();
  await feed.close();
  await store.close();
}

type WorkerParts = Pick<
  WorkersOptions,
  'store' | 'sequencer' | 'git' | 'analyser' | 'tokens' | 'metrics' | 'log' | 'logKeeper'
>;

function openWorkers(config: Config, { at }: AppExtras, parts: WorkerParts): Workers {
  return new Workers({
    ...parts,
    // PGlite has one process, so every other worker is dead; on PostgreSQL another gateway may be alive.
    abandonedMs: parts.store.engine === 'pglite' ? 0 : config.abandonedMs,
    sandbox: config.sandbox,
    hidden: [config.dataFolder, config.stateFolder],
    gatesAtOnceMax: config.gatesAtOnceMax,
    gateLeaseMs: config.gateLeaseMs,
    upstreamFreshMs: config.upstreamFreshMs,
    setupsFolder: join(config.dataFolder, 'setups'),
    ...defined({ at }),
  });
}

/** Removes checkouts and sockets of killed gateways, and gate folders whose removal failed before. */
async function sweepFolders(log: Logger): Promise<void> {
  const { removed } = await sweepTemporary(removeTree, gateBases(), leftName);
  if (removed.length > 0) log.warn({ removed }, 'removed folders of processes that are gone');
}

/** Removes leftovers of a killed git before they can block work; returns the number of files too young to go. */
async function sweepAll({ store, git }: Gateway, log: Logger): Promise<number> {
  await sweepFolders(log);
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
