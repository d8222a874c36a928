import { createHash } from 'node:crypto';
import { availableParallelism, homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { WitnessName } from './gateway/log-mark/places.ts';
import { fail } from './lib/errors.ts';
import { limits } from './lib/limits.ts';
import { packageFile } from './process/entry.ts';
import type { SandboxSetting } from './sandbox/run-gate.ts';

/** Options that a gateway is started with. */
export interface Config {
  /** Database, repositories, hooks: `.andon` of the repository, unless told otherwise. */
  readonly dataFolder: string;
  /** Keys and the first human token: in the user's state folder, outside every repository. */
  readonly stateFolder: string;
  /** URL of PostgreSQL; PGlite in the data folder when absent. */
  readonly databaseUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Names beside loopback under which the gateway may be addressed. */
  readonly hosts: readonly string[];
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly behindProxy: boolean;
  readonly sandbox: SandboxSetting;
  /** Gates that the gateway itself carries out at once. */
  readonly gatesAtOnceMax: number;
  /**
   * For PostgreSQL: milliseconds without a sign of life after which another gateway's landings and gates are
   * taken over.
   */
  readonly abandonedMs: number;
  /** Milliseconds for which a runner holds a gate without a sign of life. */
  readonly gateLeaseMs: number;
  /** Milliseconds for which a fetch of an upstream counts: after that it is asked again before a batch is stacked. */
  readonly upstreamFreshMs: number;
  readonly logLevel: string;
  /**
   * Most connections of clients, and most streams of events: over all principals, and half of them for one
   * principal.
   */
  readonly clientsMax: number;
  readonly streamsMax: number;
  /** Most streams of events of browsers, over all their sessions; they count to `streamsMax` too. */
  readonly pageStreamsMax: number;
  /** Connections to PostgreSQL at most. */
  readonly connectionsMax: number;
  /** Programs that triggers may start, by name; absolute paths. Only this setting can add one. */
  readonly commands: Readonly<Record<string, string>>;
  /** Hosts that webhooks may reach although they are private or speak plain http. */
  readonly webhookHosts: readonly string[];
  /** Places besides the state folder in which the mark of the log is kept. */
  readonly witnesses: readonly WitnessName[];
  /** The folder of the built page. */
  readonly pageFolder: string;
  /** Time limit of such a program, in milliseconds. */
  readonly commandMs: number;
}

/** The configuration before its defaults are filled in. */
export interface ConfigInput extends Partial<Omit<Config, 'dataFolder'>> {
  readonly dataFolder: string;
}

type ConfigEnvironment = Readonly<Record<string, string | undefined>>;

const defaults = {
  host: '127.0.0.1',
  port: 0,
  hosts: [],
  behindProxy: false,
  sandbox: 'preferred',
  abandonedMs: 10_000,
  gateLeaseMs: 15_000,
  upstreamFreshMs: 10_000,
  logLevel: 'info',
  clientsMax: 4_096,
  streamsMax: 2_000,
  pageStreamsMax: 200,
  connectionsMax: limits.connectionsDefault,
  commands: {},
  webhookHosts: [],
  witnesses: [],
  commandMs: 30_000,
  pageFolder: packageFile('dist/page'),
} as const;

/**
 * Fills in the defaults of the configuration. Errors: `gateway.exposed` for another address than loopback
 * without TLS.
 */
export function configure(input: ConfigInput, env: ConfigEnvironment): Config {
  const dataFolder = resolve(input.dataFolder);
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const config: Config = {
    stateFolder: stateFolderOf(dataFolder, env),
    databaseUrl: env.DATABASE_URL || undefined,
    tls: undefined,
    gatesAtOnceMax: availableParallelism(),
    ...defaults,
    ...given,
    dataFolder,
  };
  refuseExposed(config);
  return config;
}

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

function refuseExposed({ host, tls, behindProxy }: Config): void {
  if (loopback.test(host) || tls !== undefined || behindProxy) return;
  throw fail('gateway.exposed', host, { found: 'plain HTTP', limit: 'loopback' });
}

/** `$XDG_STATE_HOME/andon/<name>-<hash of the data folder>`: one per data folder, readable by its owner only. */
export function stateFolderOf(dataFolder: string, env: ConfigEnvironment): string {
  const home = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state');
  const hash = createHash('sha256').update(dataFolder).digest('hex').slice(0, 12);
  return join(home, 'andon', `${basename(resolve(dataFolder, '..'))}-${hash}`);
}
