import { type StdioOptions, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { codeOf } from '../lib/causes.ts';
import { fail } from '../lib/errors.ts';
import { faultOf, type MachineFault, saidFault } from '../lib/machine-fault.ts';

/** What the operator wants: `required` refuses to run without bubblewrap, `preferred` says so in the evidence. */
export type SandboxSetting = 'required' | 'preferred';

/** How code that is not trusted runs on this machine. */
export type Containment =
  | { readonly kind: 'bubblewrap'; readonly program: string }
  | { readonly kind: 'other-user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'none' };

/** Users that no account has: the range that systemd, too, gives to services for as long as they run. */
const users = { first: 61_184, count: 4_336 };
let turn = process.pid * 16;

/** Every gate and run is a user of its own: none can signal, trace or read another, and all of its processes can be found. */
function nextUser(): number {
  const taken = usersAlive();
  for (let tries = 0; tries < users.count; tries++) {
    turn += 1;
    const uid = users.first + (turn % users.count);
    if (!taken.has(uid)) return uid;
  }
  throw new Error('every user of the range has a process');
}

/** Users that have a process now: another program of Andon's may take users of the same range. */
function usersAlive(): ReadonlySet<number> {
  const uids = new Set<number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statSync(`/proc/${name}`, { throwIfNoEntry: false });
    if (stat !== undefined) uids.add(stat.uid);
  }
  return uids;
}

/**
 * The best containment there is: bubblewrap, another user when the gateway is root, or none. Errors: `machine.exhausted`
 * while that cannot be told, which takes up to `triesMs`; nothing runs less contained because the machine is short of something.
 */
export function findContainment(path: string = process.env.PATH ?? '', triesMs = 10_000): Containment {
  const program = findProgram('bwrap', path);
  if (program !== undefined && isUsable(program, triesMs)) return { kind: 'bubblewrap', program };
  return withoutBubblewrap();
}

function withoutBubblewrap(): Containment {
  if (process.getuid?.() !== 0 || !reachableByOthers(process.execPath)) return { kind: 'none' };
  const uid = nextUser();
  return { kind: 'other-user', uid, gid: uid };
}

const usable = new Map<string, boolean>();

/** Containers and hardened kernels often refuse namespaces to a bubblewrap that is installed: tried until it is known, by doing it. */
function isUsable(program: string, triesMs: number): boolean {
  const known = usable.get(program);
  if (known !== undefined) return known;
  const args = [
    // Gates are started with it; into nothing here.
    '--json-status-fd',
    '1',
    ...namespaces,
    noNetwork,
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--',
    'true',
  ];
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  const { status, error, stderr } = spawnSync(program, args, {
    stdio,
    timeout: triesMs,
    env: {},
    encoding: 'utf8',
  });
  const mayPass = error === undefined ? isShort(saidFault(stderr)) : isLate(error) || isShort(faultOf(error));
  if (mayPass)
    throw fail('machine.exhausted', program, { found: error?.message ?? stderr.trim().slice(0, 200) });
  usable.set(program, status === 0);
  return status === 0;
}

/** Not of room: a kernel that gives no namespaces at all says that there is none for them. */
const isShort = (fault: MachineFault | undefined): boolean => fault === 'machine.exhausted';

/** On a machine that does nothing in time. */
const isLate = (error: Error): boolean => codeOf(error) === 'ETIMEDOUT';

/** The file that a program name stands for on a search path. */
export function findProgram(name: string, path: string): string | undefined {
  const candidates = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** True when every folder down to the file may be entered by everybody: another user could not start it otherwise. */
function reachableByOthers(file: string): boolean {
  for (let path = resolve(file); path !== dirname(path); path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
  }
  return true;
}

export interface SandboxPlace {
  /** The only folder that may be written to; it becomes the working directory's parent. */
  readonly folder: string;
  readonly workFolder: string;
  /** Folders that the code must not see: Andon's data and state. */
  readonly hidden: readonly string[];
  /** Folders that it must be able to read even where a hidden one holds them: the program that it is. */
  readonly visible?: readonly string[];
  readonly network: boolean;
}

const namespaces = ['--die-with-parent', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--new-session'];
const noNetwork = '--unshare-net';

/** Arguments of bubblewrap: everything read-only, homes and Andon hidden, one folder writable, own processes, no network unless asked. */
export function bubblewrapArgs({
  folder,
  workFolder,
  hidden,
  visible = [],
  network,
}: SandboxPlace): string[] {
  const covered = [...new Set(['/tmp', '/root', '/home', '/run', homedir(), ...hidden])].filter(
    (path) => path !== '/' && existsSync(path),
  );
  const runtime = dirname(dirname(process.execPath));
  const shown = [runtime, ...visible].filter((one) => covered.some((path) => isWithin(one, path)));
  return [
    ...namespaces,
    ...(network ? [] : [noNetwork]),
    '--ro-bind',
    '/',
    '/',
    ...covered.flatMap((path) => ['--tmpfs', path]),
    ...shown.flatMap((path) => ['--ro-bind', path, path]),
    // Where resolv.conf points on many systems; /run itself is covered.
    ...(network ? ['--ro-bind-try', '/run/systemd/resolve', '/run/systemd/resolve'] : []),
    '--bind',
    folder,
    folder,
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    ...(process.getuid?.() === 0 ? ['--cap-drop', 'ALL'] : []),
    '--chdir',
    workFolder,
    '--',
  ];
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
