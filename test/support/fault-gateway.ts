import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type Client, createClient } from '../../src/client.ts';
import type { ConfigInput } from '../../src/config.ts';
import { compiledGateway } from './fault-build.ts';
import { shortLived } from './short-lived.ts';

export interface FaultOptions {
  /**
   * Folder of data and state; a restart on the same folder goes on from the point at which the last process
   * was killed.
   */
  readonly folder: string;
  /** URL of PostgreSQL; PGlite in the folder when absent. */
  readonly databaseUrl?: string;
  readonly config?: Partial<ConfigInput>;
  /** The compiled program, in place of that of the present sources. */
  readonly program?: string;
  /** Variables beside the environment that every gateway of the tests has. */
  readonly env?: Readonly<Record<string, string>>;
  /** A shell line put before the program, such as `ulimit -f 100;`. */
  readonly before?: string;
  /** Milliseconds from the start to a SIGKILL, at any point of the work. */
  readonly dieAfterMs?: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A gateway in a child process. */
export interface FaultGateway {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start of the process to the line that says it is ready. */
  readonly startMs: number;
  readonly ended: Promise<Ended>;
  readonly owner: Client;
  /** The log of the gateway so far. */
  log(): string;
  client(token: string, requestId?: string): Client;
  ownerToken(): string;
  /** Makes the gateway send itself the signal the next time it passes the point. */
  arm(point: string, signal?: NodeJS.Signals): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Sends SIGKILL, and waits for the end. */
  destroy(): Promise<Ended>;
  /** Sends SIGTERM, and waits for the end. */
  close(): Promise<Ended>;
}

/** A start that was refused. */
export class StartRefused extends Error {
  readonly code: string | undefined;
  readonly ended: Promise<Ended>;

  constructor(message: string, code: string | undefined, ended: Promise<Ended>) {
    super(message);
    this.code = code;
    this.ended = ended;
  }
}

/** Every living child, so that no test leaves one behind. */
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a gateway and waits until it is ready. Rejects with `StartRefused` when it could not start. */
export async function startFaultGateway(options: FaultOptions): Promise<FaultGateway> {
  const started = performance.now();
  const { child, ended } = launch(options);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-200_000);
  });
  const said = createInterface({ input: child.stdout ?? process.stdin });
  const first = await nextLine(said, ended, () => log);
  if (typeof first.url !== 'string')
    throw new StartRefused(String(first.failed), first.code as string | undefined, ended);
  const { url } = first;
  const startMs = performance.now() - started;
  const ownerToken = () => readFileSync(String(first.tokenFile), 'utf8').trim();
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  return {
    url,
    pid: child.pid ?? 0,
    startMs,
    ended,
    log: () => log,
    owner: createClient({ url, token: ownerToken }),
    ownerToken,
    client: (token, requestId) =>
      createClient({ url, token: () => token, ...(requestId === undefined ? {} : { requestId }) }),
    arm: async (point, signal = 'SIGKILL') => {
      const armed = nextLine(said, ended, () => log);
      child.stdin?.write(`arm ${signal} ${point}\n`);
      await armed;
    },
    kill,
    destroy: () => {
      kill('SIGKILL');
      return ended;
    },
    close: () => {
      kill('SIGTERM');
      return ended;
    },
  };
}

function launch(options: FaultOptions): {
  child: ChildProcess;
  ended: Promise<Ended>;
} {
  const { folder, databaseUrl, config, before, dieAfterMs } = options;
  const input: ConfigInput = {
    dataFolder: join(folder, 'data'),
    stateFolder: join(folder, 'state'),
    logLevel: 'warn',
    connectionsMax: 8,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...config,
  };
  const own = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    TMPDIR: tmpdir(),
    ANDON_FAULT_CONFIG: JSON.stringify(input),
  };
  const env = { ...own, ...options.env };
  const program = [process.execPath, ...shortLived, options.program ?? compiledGateway()];
  const [file = '', ...args] =
    before === undefined ? program : ['/bin/sh', '-c', `${before} exec "$0" "$@"`, ...program];
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  alive.add(child);
  child.stdin?.on('error', () => undefined);
  const death = dieAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), dieAfterMs);
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => {
      alive.delete(child);
      clearTimeout(death);
      resolve({ code, signal });
    });
  });
  return { child, ended };
}

async function nextLine(
  said: Interface,
  ended: Promise<Ended>,
  log: () => string,
): Promise<Record<string, unknown>> {
  const line = new Promise<string>((resolve) => said.once('line', resolve));
  const gone = ended.then(({ code, signal }) => {
    throw new Error(`the gateway ended with ${signal ?? code} before it answered: ${log().slice(-2000)}`);
  });
  return JSON.parse(await Promise.race([line, gone])) as Record<string, unknown>;
}
