import { type StdioOptions, spawnSync } from 'node:child_process';
import { codeOf } from '../lib/causes.ts';
import { defined } from '../lib/defined.ts';
import { fail } from '../lib/errors.ts';
import { faultOf, type MachineFault, saidFault } from '../lib/machine-fault.ts';
import { namespaces, noNetwork } from './bubblewrap.ts';
import { nextUser } from './own-user.ts';
import { findProgram } from './programs.ts';
import { becoming, type PlainUser, rightsDropped } from './set-privileges.ts';

/** What the operator wants: `required` refuses to run without bubblewrap, `preferred` says so in the evidence. */
export type SandboxSetting = 'required' | 'preferred';

/**
 * How code that is not trusted runs on this machine. As root it has a user of its own in either case, never root's;
 * bubblewrap as an ordinary user keeps that user, in a namespace where that user may nothing.
 */
export type Containment =
  | { readonly kind: 'bubblewrap'; readonly program: string; readonly user?: PlainUser }
  | { readonly kind: 'other-user'; readonly user: PlainUser }
  | { readonly kind: 'none' };

/** The kinds of containment, the strongest first. */
export const containmentKinds = [
  'bubblewrap',
  'other-user',
  'none',
] as const satisfies readonly Containment['kind'][];

/** The user that is a gate's or run's alone; undefined where it is whoever runs Andon. */
export const userOf = (containment: Containment): PlainUser | undefined =>
  containment.kind === 'none' ? undefined : containment.user;

const standardFolders = '/usr/bin:/bin:/usr/sbin:/sbin';

/**
 * The best containment there is: bubblewrap, another user when the gateway is root, or none. Errors: `machine.exhausted`
 * while that cannot be told, which takes up to `triesMs`; nothing runs less contained because the machine is short of something.
 */
export function findContainment(path: string = process.env.PATH ?? '', triesMs = 10_000): Containment {
  const user = process.getuid?.() === 0 ? userForRoot(path) : undefined;
  const program = findBubblewrap(path, user, triesMs);
  return program === undefined ? plain(user) : { kind: 'bubblewrap', program, ...(user && { user }) };
}

const plain = (user: PlainUser | undefined): Containment =>
  user === undefined ? { kind: 'none' } : { kind: 'other-user', user };

function userForRoot(path: string): PlainUser {
  const setpriv = findProgram('setpriv', `${standardFolders}:${path}`);
  return { ...nextUser(), ...defined({ setpriv }) };
}

/** Root's bubblewrap contains nothing by itself: what it starts has to become another user than root. */
function findBubblewrap(path: string, user: PlainUser | undefined, triesMs: number): string | undefined {
  if (user !== undefined && user.setpriv === undefined) return undefined;
  const program = findProgram('bwrap', path);
  return program !== undefined && isUsable(program, user, triesMs) ? program : undefined;
}

const usable = new Map<string, boolean>();

/** Containers and hardened kernels often refuse namespaces to a bubblewrap that is installed: tried until it is known, by doing it. */
function isUsable(program: string, user: PlainUser | undefined, triesMs: number): boolean {
  const known = usable.get(program);
  if (known !== undefined) return known;
  const { status, error, stderr } = tryOut(program, user, triesMs);
  const mayPass = error === undefined ? isShort(saidFault(stderr)) : isLate(error) || isShort(faultOf(error));
  if (mayPass)
    throw fail('machine.exhausted', program, { found: error?.message ?? stderr.trim().slice(0, 200) });
  usable.set(program, status === 0);
  return status === 0;
}

function tryOut(program: string, user: PlainUser | undefined, timeout: number) {
  const args = [
    // Gates are started with it; into nothing here.
    ...['--json-status-fd', '1'],
    ...namespaces,
    noNetwork,
    ...['--ro-bind', '/', '/', '--proc', '/proc', '--ro-bind', '/proc/sys', '/proc/sys', '--dev', '/dev'],
    ...rightsDropped(user),
    '--',
    ...becoming(user),
    'true',
  ];
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  const env = { PATH: standardFolders };
  return spawnSync(program, args, { stdio, timeout, env, encoding: 'utf8' });
}

/** Not of room: a kernel that gives no namespaces at all says that there is none for them. */
const isShort = (fault: MachineFault | undefined): boolean => fault === 'machine.exhausted';

/** On a machine that does nothing in time. */
const isLate = (error: Error): boolean => codeOf(error) === 'ETIMEDOUT';
