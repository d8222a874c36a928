import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { etcArgs } from './etc.ts';
import type { MachineLimits } from './machine-limits.ts';
import { closedOnTheWay, foldersAbove } from './reach.ts';

/** The folders of a gate or run, and what of the machine its code may see. */
export interface SandboxPlace {
  /** The folder of the gate or run, which its code may read; the folders below lie in it. */
  readonly folder: string;
  /** Folders in it that the code may write to. */
  readonly writable: readonly string[];
  readonly workFolder: string;
  /** Folder of the passwd and group files that the code sees. */
  readonly accounts: string;
  /** Folders that the code must not see: Andon's data and state. */
  readonly hidden: readonly string[];
  /** Folders that the code must be able to read even inside a hidden folder: the installation of its program. */
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

/** Arguments that make the folders above a path: bubblewrap would make them for root alone. */
const above = (path: string): string[] => foldersAbove(path).flatMap((folder) => ['--dir', folder]);
const bind = (path: string): string[] => ['--bind', path, path];
const show = (path: string): string[] => ['--ro-bind', path, path];

/**
 * Arguments of bubblewrap: the system read-only, the needed files of /etc, homes and Andon hidden, kernel
 * settings closed, a few folders writable, a process namespace, no network unless asked. `isOther` is true
 * when the code runs as a separate user: files below a private folder are then put where that user can reach
 * them.
 */
export function bubblewrapArgs(place: SandboxPlace, limits: MachineLimits, isOther: boolean): string[] {
  const { folder, writable, accounts, hidden, visible = [], network } = place;
  const programs = [dirname(dirname(process.execPath)), ...visible];
  const closed = isOther ? [folder, ...programs].flatMap((path) => closedOnTheWay(path) ?? []) : [];
  const wanted = new Set(['/root', '/home', '/run', homedir(), ...hidden, ...closed]);
  const covered = [...wanted].filter((path) => path !== '/' && path !== '/tmp' && existsSync(path)).sort();
  const shown = programs.filter((one) => ['/tmp', ...covered].some((path) => isWithin(one, path)));
  const again = covered.filter((path) => shown.some((one) => isWithin(path, one) && path !== one));
  // Both scratch folders lie in memory.
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
    // resolv.conf points here on many systems; /run itself is covered.
    ...(network ? ['--ro-bind-try', '/run/systemd/resolve', '/run/systemd/resolve'] : []),
    ...[...above(folder), ...show(folder)],
    ...writable.flatMap(bind),
    ...['--proc', '/proc', ...show('/proc/sys')],
    ...['--dev', '/dev', ...scratch, '/dev/shm', '--remount-ro', '/dev'],
    // The mounts that cover folders lie in memory, too, and would belong to an ordinary user.
    ...covered.filter((path) => !again.includes(path)).flatMap((path) => ['--remount-ro', path]),
    ...['--chdir', '/'],
  ];
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
