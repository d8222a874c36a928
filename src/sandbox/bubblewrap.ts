import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { etcArgs } from './etc.ts';
import type { MachineLimits } from './machine-limits.ts';
import { closedOnTheWay, foldersAbove } from './reach.ts';

export interface SandboxPlace {
  /** The folder of the gate or run, which it may read; it holds all that follows. */
  readonly folder: string;
  /** Folders in it that may be written to. */
  readonly writable: readonly string[];
  readonly workFolder: string;
  /** Holds the passwd and group that the code sees. */
  readonly accounts: string;
  /** Folders that the code must not see: Andon's data and state. */
  readonly hidden: readonly string[];
  /** Folders that it must be able to read even where a hidden one holds them: the program that it is. */
  readonly visible?: readonly string[];
  readonly network: boolean;
}

export const namespaces = [
  '--die-with-parent',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--new-session',
];
export const noNetwork = '--unshare-net';

/** bubblewrap makes the folders above what it binds for root alone, unless they are there. */
const above = (path: string): string[] => foldersAbove(path).flatMap((folder) => ['--dir', folder]);
const bind = (path: string): string[] => ['--bind', path, path];
const show = (path: string): string[] => ['--ro-bind', path, path];

/**
 * Arguments of bubblewrap: the system read-only, of /etc what programs need, homes and Andon hidden, kernel settings
 * closed, a few folders writable, own processes, no network unless asked. `isOther` tells that the code will be a user
 * of its own, for whom what lies below a private folder has to be put where that user gets to.
 */
export function bubblewrapArgs(place: SandboxPlace, limits: MachineLimits, isOther: boolean): string[] {
  const { folder, writable, accounts, hidden, visible = [], network } = place;
  const programs = [dirname(dirname(process.execPath)), ...visible];
  const closed = isOther ? [folder, ...programs].flatMap((path) => closedOnTheWay(path) ?? []) : [];
  const wanted = new Set(['/root', '/home', '/run', homedir(), ...hidden, ...closed]);
  const covered = [...wanted].filter((path) => path !== '/' && path !== '/tmp' && existsSync(path)).sort();
  const shown = programs.filter((one) => ['/tmp', ...covered].some((path) => isWithin(one, path)));
  const again = covered.filter((path) => shown.some((one) => isWithin(path, one) && path !== one));
  // Both lie in memory.
  const scratch = ['--perms', '1777', '--size', String(Math.ceil(limits.memoryBytes / 4)), '--tmpfs'];
  return [
    ...namespaces,
    ...(network ? [] : [noNetwork]),
    ...show('/'),
    ...[...scratch, '/tmp'],
    ...covered.flatMap((path) => [...above(path), '--tmpfs', path]),
    ...etcArgs(accounts, readdirSync('/etc')),
    ...shown.flatMap((path) => [...above(path), ...show(path)]),
    ...again.flatMap((path) => ['--tmpfs', path]),
    // Where resolv.conf points on many systems; /run itself is covered.
    ...(network ? ['--ro-bind-try', '/run/systemd/resolve', '/run/systemd/resolve'] : []),
    ...[...above(folder), ...show(folder)],
    ...writable.flatMap(bind),
    ...['--proc', '/proc', ...show('/proc/sys')],
    ...['--dev', '/dev', ...scratch, '/dev/shm', '--remount-ro', '/dev'],
    // What covers a folder lies in memory, too, and would be an ordinary user's own.
    ...covered.filter((path) => !again.includes(path)).flatMap((path) => ['--remount-ro', path]),
    ...['--chdir', '/'],
  ];
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
