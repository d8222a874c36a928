import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { asMachineFault, saidFault } from '../lib/machine-fault.ts';
import { newId } from '../store/ids.ts';
import { BoundedOutput } from './bounded-output.ts';
import { giveAway } from './give-away.ts';
import { killGroup, markName, reap } from './reap.ts';
import { bubblewrapArgs, type Containment, findContainment, type SandboxSetting } from './sandbox.ts';

export type { SandboxSetting } from './sandbox.ts';

export interface GateCommand {
  /** A folder of the gate's own; its `tree` holds the checkout, HOME and TMPDIR are made beside it. */
  readonly folder: string;
  readonly command: string;
  readonly timeoutMs: number;
  readonly sandbox: SandboxSetting;
  /** Whether the network stays open; closing it needs bubblewrap. */
  readonly network?: boolean;
  /** Folders that the command must not see. */
  readonly hidden?: readonly string[];
  /** Folders that it must be able to read even where a hidden one holds them. */
  readonly readable?: readonly string[];
  /** What else stands in its environment, to find what it started. */
  readonly marks?: Readonly<Record<string, string>>;
  /** Hears of the user that is the command's alone. */
  readonly ownUser?: (uid: number) => void;
  readonly abort?: AbortSignal;
  /** Where bubblewrap is looked for; `PATH` without. */
  readonly searchPath?: string;
}

export interface GateEvidence {
  readonly passed: boolean;
  readonly exitCode: number | null;
  readonly ms: number;
  /** Head and tail of stdout and stderr, at most 256 kB. */
  readonly output: string;
  /** True when it ran in bubblewrap. */
  readonly sandboxed: boolean;
  /** It was ended at its time limit. */
  readonly timedOut: boolean;
}

const graceMs = 2_000;
const drainMs = 2_000;
const statusDescriptor = 3;

/**
 * Runs a gate command as untrusted code: empty environment, HOME and TMPDIR of its own, contained as well as this
 * machine can, bounded in time and output. Whatever it started is dead when this settles. Errors: `gate.sandbox`,
 * and `machine.exhausted` or `disk.full` where the machine could not start it.
 */
export async function runGate(gate: GateCommand): Promise<GateEvidence> {
  const containment = await contain(gate);
  const mark = newId('gate');
  const started = performance.now();
  const child = start(gate, containment, environmentOf(gate, mark));
  const output = new BoundedOutput(limits.gateOutputBytesMax);
  child.stdout?.on('data', (chunk: Buffer) => output.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.add(chunk));
  const begun = hasBegun(child, containment);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = await untilEnded(child, gate);
  await reap(containment, mark);
  // What was written last still lies in the pipes; they close with the last process that held them.
  await Promise.race([closed, delay(drainMs, undefined, { ref: false })]);
  if (!begun()) refuseFault(output.text());
  const exitCode = ended.reason === undefined ? ended.code : null;
  const note = ended.reason === undefined ? '' : `\nandon: ${ended.reason}`;
  return {
    passed: exitCode === 0,
    exitCode,
    ms: Math.round(performance.now() - started),
    output: output.text() + note,
    sandboxed: containment.kind === 'bubblewrap',
    timedOut: ended.timedOut,
  };
}

/** Chooses the containment and makes the folders ready for it. */
async function contain({ folder, sandbox, searchPath, ownUser }: GateCommand): Promise<Containment> {
  const containment = findContainment(searchPath);
  if (sandbox === 'required' && containment.kind !== 'bubblewrap')
    throw fail('gate.sandbox', 'bubblewrap', { found: containment.kind, limit: 'required' });
  const own = ['home', 'tmp'].map((name) => mkdir(join(folder, name), { recursive: true }));
  await Promise.all(own);
  if (containment.kind === 'other-user') {
    ownUser?.(containment.uid);
    await giveAway(folder, containment);
  }
  return containment;
}

/**
 * Tells, later, whether the command was started. bubblewrap writes that it has a child to a descriptor that the child does
 * not have; what the command writes itself proves nothing.
 */
function hasBegun(child: ChildProcess, { kind }: Containment): () => boolean {
  if (kind !== 'bubblewrap') return () => true;
  let said = '';
  child.stdio[statusDescriptor]?.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
  });
  return () => said.includes('"child-pid"');
}

/** Throws when bubblewrap had no processes or memory left to start the command: that is no failure of the command. */
function refuseFault(said: string): void {
  const fault = saidFault(said);
  if (fault !== undefined) throw fail(fault, 'the gate', { found: said.trim().slice(0, 200) });
}

/** All that the command sees of an environment; nothing of the gateway's own but where programs are. */
const environmentOf = ({ folder, network, marks }: GateCommand, mark: string): Record<string, string> => ({
  ...(network === true ? proxies() : {}),
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: join(folder, 'home'),
  TMPDIR: join(folder, 'tmp'),
  LANG: 'C.UTF-8',
  CI: 'true',
  ...marks,
  [markName]: mark,
});

const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

const proxies = (): Record<string, string> =>
  Object.fromEntries(
    proxyNames.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? '']])),
  );

function start(
  { command, folder, hidden = [], readable: visible = [], network = false }: GateCommand,
  containment: Containment,
  env: Record<string, string>,
): ChildProcess {
  const workFolder = join(folder, 'tree');
  const options = {
    cwd: workFolder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[],
  };
  if (containment.kind === 'bubblewrap') {
    const args = bubblewrapArgs({ folder, workFolder, hidden, visible, network });
    return spawn(
      containment.program,
      ['--json-status-fd', String(statusDescriptor), ...args, '/bin/sh', '-c', command],
      { ...options, stdio: [...options.stdio, 'pipe'] },
    );
  }
  const user = containment.kind === 'other-user' ? { uid: containment.uid, gid: containment.gid } : {};
  return spawn('/bin/sh', ['-c', command], { ...options, ...user });
}

interface Ended {
  readonly code: number | null;
  /** Why it was ended, when it did not end by itself. */
  readonly reason?: string;
  readonly timedOut: boolean;
}

function untilEnded(child: ChildProcess, { timeoutMs, abort }: GateCommand): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let reason: string | undefined;
    let timedOut = false;
    const stop = (why: string): void => {
      reason ??= why;
      killGroup(child, 'SIGTERM');
      setTimeout(() => killGroup(child, 'SIGKILL'), graceMs).unref();
    };
    const timer = setTimeout(() => {
      timedOut = true;
      stop(`ended after its time limit of ${timeoutMs} ms`);
    }, timeoutMs);
    const aborted = (): void => stop('ended because the gateway stops');
    abort?.addEventListener('abort', aborted, { once: true });
    if (abort?.aborted === true) aborted();
    const finish = (): void => {
      clearTimeout(timer);
      abort?.removeEventListener('abort', aborted);
      killGroup(child, 'SIGKILL');
    };
    const settle = (code: number | null): void => {
      finish();
      resolve({ code, timedOut, ...(reason === undefined ? {} : { reason }) });
    };
    child.once('error', (error) => {
      reason ??= `could not be started: ${error.message}`;
      const fault = asMachineFault(error, 'the gate');
      if (fault === error) return settle(null);
      // Not the command has failed.
      finish();
      reject(fault);
    });
    // `exit`, not `close`: a grandchild that holds the pipes open must not hold the gate.
    child.once('exit', (code) => setImmediate(settle, code));
  });
}
