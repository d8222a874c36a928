import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defined } from '../lib/defined.ts';
import { fail } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { asMachineFault, saidFault } from '../lib/machine-fault.ts';
import { newId } from '../process/new-id.ts';
import { killGroup, terminate } from '../process/terminate.ts';
import { BoundedOutput } from './bounded-output.ts';
import { confine } from './confine.ts';
import { makeGateRoom, nodeNote } from './gate-room.ts';
import { LimitWatch } from './limit-watch.ts';
import { type MachineLimits, machineLimitsDefault } from './machine-limits.ts';
import type { OutputTap } from './output-tap.ts';
import { untilGone } from './process-table.ts';
import { killNow, markName, reap } from './reap.ts';
import {
  type Containment,
  type ContainmentKind,
  giveContainmentBack,
  type SandboxSetting,
  takeContainment,
  type UserWatch,
  userOf,
} from './sandbox.ts';

export type { SandboxSetting } from './sandbox.ts';

/** A command to run as a gate, with its folder, limits and containment. */
export type GateCommand = GateRoom & GateStep;

/** One command, of those that share a folder. */
export interface GateStep {
  readonly command: string;
  readonly timeoutMs: number;
  /** True to keep the network open; closing it needs bubblewrap. */
  readonly network?: boolean;
  /** Gets the output while the command runs. */
  readonly tap?: OutputTap;
}

/** The folder of a gate, and how its commands are contained in it. */
export interface GateRoom {
  /**
   * A folder for this gate alone; its `tree` holds the checkout, HOME and TMPDIR are made beside it. The
   * command writes in these three.
   */
  readonly folder: string;
  readonly sandbox: SandboxSetting;
  /** Limits on the command's share of the machine; the defaults when absent. */
  readonly limits?: MachineLimits;
  /** Folders that the command must not see. */
  readonly hidden?: readonly string[];
  /** Folders that the command must be able to read even inside a hidden folder. */
  readonly readable?: readonly string[];
  /** Further variables of the environment, by which the processes of the command can be found. */
  readonly marks?: Readonly<Record<string, string>>;
  /** Hears of the user that the command alone has. */
  readonly users?: UserWatch;
  readonly abort?: AbortSignal;
  /** Search path for bubblewrap; `PATH` when absent. */
  readonly searchPath?: string;
}

/** The outcome of a gate command, as evidence for a verdict. */
export interface GateEvidence {
  readonly passed: boolean;
  readonly exitCode: number | null;
  readonly ms: number;
  /** Head and tail of stdout and stderr, at most 256 kB. */
  readonly output: string;
  /** The way in which the command was contained. */
  readonly containment: ContainmentKind;
  /** True when the command was ended at its time limit. */
  readonly timedOut: boolean;
}

const graceMs = 2_000;
const drainMs = 2_000;
const goneMs = 5_000;
const statusDescriptor = 3;

/**
 * Runs a gate command as untrusted code: empty environment, a HOME and TMPDIR for itself, contained as well
 * as this machine can, bounded in time, output and share of the machine. Every process that the command
 * started is dead when this call settles. Errors: `gate.sandbox`, `sandbox.folder`, and `machine.exhausted`
 * or `disk.full` when the machine could not start the command.
 */
export const runGate = (gate: GateCommand): Promise<GateEvidence> => inGateRoom(gate, (run) => run(gate));

/**
 * Runs several commands of one gate, one after the other, as `runGate` does. They share the user that belongs to the gate alone:
 * its folder is handed over once, before the first command, since a folder that untrusted code has written in may hold a hard
 * link to a file of somebody else.
 */
export async function inGateRoom<T>(
  room: GateRoom,
  work: (run: (step: GateStep) => Promise<GateEvidence>) => Promise<T>,
): Promise<T> {
  const containment = await takeContainment(room.searchPath, room.users);
  try {
    await makeReady(room, containment);
    return await work((step) => runContained({ ...room, ...step }, containment));
  } finally {
    await giveContainmentBack(containment, room.users);
  }
}

async function runContained(gate: GateCommand, containment: Containment): Promise<GateEvidence> {
  const mark = newId('gate');
  const started = performance.now();
  const child = start(gate, containment, environmentOf(gate, mark));
  const output = new BoundedOutput(limits.gateOutputBytesMax);
  gate.tap?.attach(() => output.text());
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output.add(chunk);
      gate.tap?.add(chunk);
    });
  const bubble = statusOf(child, containment);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = await untilEnded(child, gate, containment, mark);
  await reap(containment, mark);
  await untilGone(bubble.inner(), goneMs);
  // The last output still lies in the pipes; they close with the last process that held them.
  await Promise.race([closed, delay(drainMs, undefined, { ref: false })]);
  if (!bubble.hasBegun()) refuseFault(output.text());
  const exitCode = ended.reason === undefined ? ended.code : null;
  const note = ended.reason === undefined ? nodeNote(containment, exitCode) : `\nandon: ${ended.reason}`;
  return {
    passed: exitCode === 0,
    exitCode,
    ms: Math.round(performance.now() - started),
    output: output.text() + note,
    containment: containment.kind,
    timedOut: ended.timedOut,
  };
}

/** Refuses a containment weaker than the required one, and makes the folders ready for it. */
async function makeReady({ folder, sandbox }: GateRoom, containment: Containment): Promise<void> {
  if (sandbox === 'required' && containment.kind !== 'bubblewrap')
    throw fail('gate.sandbox', 'bubblewrap', { found: containment.kind, limit: 'required' });
  await makeGateRoom(folder, containment);
}

interface BubbleStatus {
  readonly hasBegun: () => boolean;
  /** The first process of the namespace: when it is gone, all others are. */
  readonly inner: () => number[];
}

/**
 * Reads later if, and with which process, the command was started. bubblewrap reports its child on a
 * descriptor that the child does not have; output of the command itself proves nothing.
 */
function statusOf(child: ChildProcess, { kind }: Containment): BubbleStatus {
  if (kind !== 'bubblewrap') return { hasBegun: () => true, inner: () => [] };
  let said = '';
  child.stdio[statusDescriptor]?.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
  });
  return {
    hasBegun: () => said.includes('"child-pid"'),
    inner: () => [...said.matchAll(/"child-pid": *(\d+)/g)].map(([, pid]) => Number(pid)),
  };
}

/** Throws when bubblewrap had no processes or memory left to start the command: that is no failure of the command. */
function refuseFault(said: string): void {
  const fault = saidFault(said);
  if (fault !== undefined) throw fail(fault, 'the gate', { found: said.trim().slice(0, 200) });
}

/** The whole environment of the command; the search path of programs is all that it takes from the gateway's. */
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

const writableOf = (folder: string): string[] => ['tree', 'home', 'tmp'].map((name) => join(folder, name));

function start(gate: GateCommand, containment: Containment, env: Record<string, string>): ChildProcess {
  const { command, folder, hidden = [], readable: visible = [], network = false } = gate;
  const workFolder = join(folder, 'tree');
  const place = {
    folder,
    writable: writableOf(folder),
    accounts: join(folder, 'etc'),
    workFolder,
    hidden,
    visible,
    network,
  };
  const { program, args, user } = confine(
    containment,
    place,
    gate.limits ?? machineLimitsDefault,
    ['/bin/sh', '-c', command],
    ['--json-status-fd', String(statusDescriptor)],
  );
  const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'];
  if (containment.kind === 'bubblewrap') stdio.push('pipe');
  return spawn(program, args, { cwd: workFolder, env, detached: true, stdio, ...user });
}

interface GateEnd {
  readonly code: number | null;
  /** The reason why the command was ended; absent when it ended by itself. */
  readonly reason?: string;
  readonly timedOut: boolean;
}

function untilEnded(
  child: ChildProcess,
  { timeoutMs, abort, folder, limits: own = machineLimitsDefault }: GateCommand,
  containment: Containment,
  mark: string,
): Promise<GateEnd> {
  return new Promise((resolve, reject) => {
    let reason: string | undefined;
    let timedOut = false;
    const ending = {
      ask: () => killGroup(child.pid, 'SIGTERM'),
      kill: () => killNow(child, containment, mark),
      ended: new Promise((over) => child.once('exit', over)),
    };
    const stop = (why: string): void => {
      reason ??= why;
      void terminate(ending, graceMs);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      stop(`ended after its time limit of ${timeoutMs} ms`);
    }, timeoutMs);
    const watch = new LimitWatch({
      ...{ limits: own, user: userOf(containment), pid: child.pid ?? 0, mark, folders: writableOf(folder) },
      // A command over a limit is killed without asking: it might take more first.
      passed: (words) => {
        reason ??= `ended at ${words}`;
        void terminate(ending, 0);
      },
    });
    const aborted = (): void => stop('ended because the gateway stops');
    abort?.addEventListener('abort', aborted, { once: true });
    if (abort?.aborted === true) aborted();
    const finish = async (): Promise<void> => {
      clearTimeout(timer);
      abort?.removeEventListener('abort', aborted);
      killGroup(child.pid, 'SIGKILL');
      const over = await watch.close();
      if (over !== undefined) reason ??= `ended at ${over}`;
    };
    const settle = (code: number | null): void => {
      void finish().then(() => resolve({ code, timedOut, ...defined({ reason }) }));
    };
    child.once('error', (error) => {
      reason ??= `could not be started: ${error.message}`;
      const fault = asMachineFault(error, 'the gate');
      if (fault === error) return settle(null);
      // The fault is the machine's, so the command has not failed.
      void finish().then(() => reject(fault));
    });
    // `exit`, not `close`: a grandchild that holds the pipes open must not hold the gate.
    child.once('exit', (code) => setImmediate(settle, code));
  });
}
