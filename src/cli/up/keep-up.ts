import { type ChildProcess, spawn } from 'node:child_process';
import type { Run } from '../command.ts';
import { type Restarts, restartAfter } from './restarts.ts';

/**
 * Variable that tells a gateway's process that `keepUp` started it: `first`, or the port of the gateway
 * before it.
 */
const childEnv = 'ANDON_UP_CHILD';
const restartMs = 1_000;
/** Milliseconds after which a hanging gateway that was told twice to end is killed. */
const graceMs = 3_000;

/** Message of the gateway's process to its keeper. */
interface ReadyMessage {
  readonly kind: 'ready';
  readonly port: number;
}

/** Facts about the keeper that the process of a gateway knows. */
export interface UpChild {
  /** The port of the gateway that this one replaces; undefined for the first. */
  readonly portBefore: number | undefined;
}

/** Set in a process that `keepUp` started and keeps. */
export function upChild(env: Run<unknown>['world']['env']): UpChild | undefined {
  const named = env[childEnv];
  if (process.send === undefined || named === undefined) return undefined;
  return { portBefore: named === 'first' ? undefined : Number(named) };
}

/** Called in the gateway's process: makes it end with its keeper, by any cause. */
export function endWithKeeper(): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // Nothing else may keep the process alive once the gateway has ended.
  process.channel?.unref();
}

/** Called in the gateway's process: from here on the keeper starts it again should it end by itself. */
export function tellReady(port: number): void {
  const ready: ReadyMessage = { kind: 'ready', port };
  process.send?.(ready);
}

/**
 * Keeps the gateway: starts it as a child process and starts it again when it ended without being told to,
 * three times in ten minutes at most. Resolves to the exit code of the last one.
 */
export async function keepUp(run: Run<unknown>): Promise<number> {
  const signals = new Signals();
  let restarts: Restarts = [];
  for (let port: number | undefined; ; ) {
    const ended = await oneGateway(run, port, signals);
    port ??= ended.port;
    // A gateway that never got ready has printed its reason, and would print it again.
    if (signals.told || port === undefined) return statusOf(ended);
    const again = restartAfter(restarts, Date.now());
    const how = ended.signal === null ? `exit ${ended.code}` : ended.signal;
    if (again === undefined) {
      const words = `THE GATEWAY ENDED (${how}), as it did ${restarts.length} times in ten minutes: it is not started again. See andon doctor.`;
      run.terminal.talk(run.terminal.paintTalk('bad', words));
      return statusOf(ended);
    }
    restarts = again;
    run.terminal.talk(run.terminal.paintTalk('warn', `the gateway ended (${how}); it is started again`));
    await signals.pause(restartMs);
    if (signals.told) return statusOf(ended);
  }
}

interface GatewayEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Undefined for a gateway that never got ready. */
  readonly port: number | undefined;
}

const statusOf = ({ code }: GatewayEnd): number =>
  code === null || code === 0 ? Number(code === null) : code;

/** Forwards signals of this process to the gateway, which has a group of its own: a terminal would signal both. */
class Signals {
  #count = 0;
  #child: ChildProcess | undefined;
  #wake: () => void = () => undefined;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => this.#hear(signal));
  }

  get told(): boolean {
    return this.#count > 0;
  }

  watch(child: ChildProcess): void {
    this.#child = child;
    if (this.told) child.kill('SIGTERM');
  }

  #hear(signal: NodeJS.Signals): void {
    this.#count += 1;
    this.#wake();
    const child = this.#child;
    child?.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    // A second request means that the person will not wait for a gateway that cannot hear.
    if (this.#count === 2) setTimeout(() => child?.kill('SIGKILL'), graceMs).unref();
  }

  /** Waits, until a signal comes at the latest. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.told) this.#wake();
    });
  }
}

function oneGateway(
  { world }: Run<unknown>,
  portBefore: number | undefined,
  signals: Signals,
): Promise<GatewayEnd> {
  const [node = process.execPath, ...first] = world.launch;
  const child = spawn(node, [...first, ...world.args], {
    env: { ...world.env, [childEnv]: portBefore === undefined ? 'first' : String(portBefore) },
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  signals.watch(child);
  return new Promise((resolve, reject) => {
    let port: number | undefined;
    child.once('error', reject);
    child.on('message', (ready: ReadyMessage) => {
      port = ready.port;
    });
    child.once('exit', (code, signal) => resolve({ code, signal, port }));
  });
}
