import { type ChildProcess, spawn } from 'node:child_process';
import { chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { newId } from '../store/ids.ts';
import { BoundedOutput } from './bounded-output.ts';
import { bubblewrapArgs, type Containment, findContainment, type SandboxSetting } from './sandbox.ts';

export type { SandboxSetting } from './sandbox.ts';

export interface GateCommand {
  /** A folder of the gate's own; its `tree` holds the checkout, HOME and TMPDIR are made beside it. */
  readonly folder: string;
  readonly command: string;
  readonly timeoutMs: number;
  readonly sandbox: SandboxSetting;
  /** Folders that the command must not see. */
  readonly hidden?: readonly string[];
  readonly abort?: AbortSignal;
}

export interface GateEvidence {
  readonly passed: boolean;
  readonly exitCode: number | null;
  readonly ms: number;
  /** Head and tail of stdout and stderr, at most 256 kB. */
  readonly output: string;
  /** True when it ran in bubblewrap. */
  readonly sandboxed: boolean;
}

const graceMs = 2_000;

/**
 * Runs a gate command as untrusted code: empty environment, HOME and TMPDIR of its own, contained as well as this
 * machine can, bounded in time and output. Whatever it started is dead when this settles. Errors: `gate.sandbox`.
 */
export async function runGate(gate: GateCommand): Promise<GateEvidence> {
  const containment = findContainment();
  if (gate.sandbox === 'required' && containment.kind !== 'bubblewrap')
    throw fail('gate.sandbox', 'bubblewrap', { found: containment.kind, limit: 'required' });
  const home = join(gate.folder, 'home');
  const temporary = join(gate.folder, 'tmp');
  await Promise.all([mkdir(home, { recursive: true }), mkdir(temporary, { recursive: true })]);
  if (containment.kind === 'other-user') await giveAway(gate.folder, containment);
  const mark = newId('gate');
  const env = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: home,
    TMPDIR: temporary,
    LANG: 'C.UTF-8',
    CI: 'true',
    ANDON_GATE: mark,
  };
  const started = performance.now();
  const child = start(gate, containment, env);
  const output = new BoundedOutput(limits.gateOutputBytesMax);
  child.stdout?.on('data', (chunk: Buffer) => output.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.add(chunk));
  const ended = await untilEnded(child, gate);
  await reap(mark);
  const exitCode = ended.reason === undefined ? ended.code : null;
  const note = ended.reason === undefined ? '' : `\nandon: ${ended.reason}`;
  const ms = Math.round(performance.now() - started);
  return {
    passed: exitCode === 0,
    exitCode,
    ms,
    output: output.text() + note,
    sandboxed: containment.kind === 'bubblewrap',
  };
}

function start(
  { command, folder, hidden = [] }: GateCommand,
  containment: Containment,
  env: Record<string, string>,
): ChildProcess {
  const workFolder = join(folder, 'tree');
  const options = {
    cwd: workFolder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
  };
  if (containment.kind === 'bubblewrap') {
    return spawn(
      containment.program,
      [...bubblewrapArgs({ folder, workFolder, hidden }), '/bin/sh', '-c', command],
      options,
    );
  }
  const user = containment.kind === 'other-user' ? { uid: containment.uid, gid: containment.gid } : {};
  return spawn('/bin/sh', ['-c', command], { ...options, ...user });
}

/** Hands a folder and everything in it to another user. */
async function giveAway(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  await chown(folder, uid, gid);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    // A symbolic link is left as it is: chown would follow it out of the folder.
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), uid, gid);
  }
}

interface Ended {
  readonly code: number | null;
  /** Why it was ended, when it did not end by itself. */
  readonly reason?: string;
}

function untilEnded(child: ChildProcess, { timeoutMs, abort }: GateCommand): Promise<Ended> {
  return new Promise((resolve) => {
    let reason: string | undefined;
    const stop = (why: string): void => {
      reason ??= why;
      killGroup(child, 'SIGTERM');
      setTimeout(() => killGroup(child, 'SIGKILL'), graceMs).unref();
    };
    const timer = setTimeout(() => stop(`ended after its time limit of ${timeoutMs} ms`), timeoutMs);
    const aborted = (): void => stop('ended because the gateway stops');
    abort?.addEventListener('abort', aborted, { once: true });
    if (abort?.aborted === true) aborted();
    const settle = (code: number | null): void => {
      clearTimeout(timer);
      abort?.removeEventListener('abort', aborted);
      killGroup(child, 'SIGKILL');
      resolve({ code, ...(reason === undefined ? {} : { reason }) });
    };
    child.once('error', (error) => {
      reason ??= `could not be started: ${error.message}`;
      settle(null);
    });
    // `exit`, not `close`: a grandchild that holds the pipes open must not hold the gate.
    child.once('exit', (code) => setImmediate(settle, code));
  });
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

/**
 * Kills what left the process group (setsid) and still carries the gate's mark in its environment. Inside bubblewrap
 * there is nothing left to find: its process namespace died with it.
 */
async function reap(mark: string): Promise<void> {
  const names = await readdir('/proc').catch(() => []);
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (!environment.split('\0').includes(`ANDON_GATE=${mark}`)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}
