import { type StdioOptions, spawnSync } from 'node:child_process';
import { codeOf } from '../lib/causes.ts';
import { defined } from '../lib/defined.ts';
import { fail } from '../lib/errors.ts';
import { faultOf, type MachineFault, saidFault } from '../lib/machine-fault.ts';
import { namespaces, noNetwork } from './bubblewrap.ts';
import { giveUserBack, takeUser, trialUser } from './own-user.ts';
import { findProgram } from './programs.ts';
import { becoming, type PlainUser, rightsDropped } from './set-privileges.ts';

/**
 * The operator's choice: `required` refuses to run without bubblewrap, `preferred` records the weaker
 * containment in the evidence.
 */
export type SandboxSetting = 'required' | 'preferred';

/**
 * The way in which untrusted code runs on this machine. Under root the code has a separate user in either
 * case, never root; bubblewrap under an ordinary user keeps that user, in a namespace where it has no rights.
 */
export type Containment =
  | { readonly kind: 'bubblewrap'; readonly program: string; readonly user?: PlainUser }
  | { readonly kind: 'other-user'; readonly user: PlainUser }
  | { readonly kind: 'none' };

/** Kind of containment. */
export type ContainmentKind = Containment['kind'];

/** The kinds of containment, the strongest first. */
export const containmentKinds = [
  'bubblewrap',
  'other-user',
  'none',
] as const satisfies readonly ContainmentKind[];

/** The user that belongs to a gate or run alone; undefined when the code runs as the user of Andon. */
export const userOf = (containment: Containment): PlainUser | undefined =>
  containment.kind === 'none' ? undefined : containment.user;

/** Hears of each user that belongs to one gate or run alone, from before its first process until after its last. */
export interface UserWatch {
  readonly watch: (uid: number) => void;
  readonly forget: (uid: number) => void;
}

const standardFolders = '/usr/bin:/bin:/usr/sbin:/sbin';

/**
 * The containment of one gate or run, with a user that belongs to it alone until `giveContainmentBack`.
 * Errors: as `findContainment`.
 */
export async function takeContainment(path?: string, users?: UserWatch): Promise<Containment> {
  const found = findContainment(path);
  if (found.kind === 'none' || found.user === undefined) return found;
  const user = { ...found.user, ...(await takeUser()) };
  users?.watch(user.uid);
  return { ...found, user };
}

/** Frees the user of a containment that was taken, once none of its processes is alive. */
export async function giveContainmentBack(containment: Containment, users?: UserWatch): Promise<void> {
  const user = userOf(containment);
  if (user === undefined) return;
  users?.forget(user.uid);
  await giveUserBack(user);
}

/**
 * The strongest containment available, with a user for trials alone: bubblewrap, another user when the
 * gateway is root, or none. Errors: `machine.exhausted` when the kinds available cannot be told within
 * `triesMs`; a machine short of resources never runs code less contained.
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
  return { ...trialUser, ...defined({ setpriv }) };
}

/** Finds bubblewrap. Under root it contains nothing by itself: the code that it starts has to become another user. */
function findBubblewrap(path: string, user: PlainUser | undefined, triesMs: number): string | undefined {
  if (user !== undefined && user.setpriv === undefined) return undefined;
  const program = findProgram('bwrap', path);
  return program !== undefined && isUsable(program, user, triesMs) ? program : undefined;
}

const usable = new Map<string, boolean>();

/**
 * Tries bubblewrap until the result is certain: containers and hardened kernels often refuse namespaces to an
 * installed bubblewrap.
 */
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
    // Gates are started with this option; here its output goes nowhere.
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

/** True for a shortage other than of disk room: a kernel without namespaces reports that it has no room for them. */
const isShort = (fault: MachineFault | undefined): boolean => fault === 'machine.exhausted';

/** True when the machine did not answer in time. */
const isLate = (error: Error): boolean => codeOf(error) === 'ETIMEDOUT';
