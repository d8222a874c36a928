import { readdirSync, statSync } from 'node:fs';

/** A user without an account, for one gate or run alone. */
export interface OwnUser {
  readonly uid: number;
  readonly gid: number;
}

/** Users without accounts: the range from which systemd, too, takes users for running services. */
const users = { first: 61_184, count: 4_336 };
let turn = process.pid * 16;

/** True for a user of a gate or run, false for people and services. */
export const isOwnUser = (uid: number): boolean => uid >= users.first && uid < users.first + users.count;

/** The user of this process. */
export const userHere = (): OwnUser => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });

/**
 * Takes a separate user for a gate or run: none can signal, trace or read another, and all of its processes
 * can be found.
 */
export function nextUser(): OwnUser {
  const taken = usersAlive();
  for (let tries = 0; tries < users.count; tries++) {
    turn += 1;
    const uid = users.first + (turn % users.count);
    if (!taken.has(uid)) return { uid, gid: uid };
  }
  throw new Error('every user of the range has a process');
}

/** Users that have a process: another program of Andon's may take users of the same range. */
function usersAlive(): ReadonlySet<number> {
  const uids = new Set<number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statSync(`/proc/${name}`, { throwIfNoEntry: false });
    if (stat !== undefined) uids.add(stat.uid);
  }
  return uids;
}
