import { lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { giveFileBack, ownerText, takeFile } from '../process/owned-file.ts';

/** A user without an account, for one gate or run alone. */
export interface OwnUser {
  readonly uid: number;
  readonly gid: number;
}

/** Users without accounts: the range from which systemd, too, takes users for running services. */
const users = { first: 61_184, count: 4_336 };
let turn = process.pid * 16;

/** The users in hand, each with the text of its claim; the claims lie where every process of this machine finds them. */
const inHand = new Map<number, string>();
const claims = '/run/andon-users';

/** True for a user of a gate or run, false for people and services. */
export const isOwnUser = (uid: number): boolean => uid >= users.first && uid < users.first + users.count;

/** The user of this process. */
export const userHere = (): OwnUser => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });

/** The user of trials of a containment: no gate or run ever has it. */
export const trialUser: OwnUser = { uid: users.first, gid: users.first };

/**
 * Takes a separate user for a gate or run, until it is given back: none can signal, trace or read another, and
 * all of its processes can be found and ended together. No other process of this machine takes it meanwhile;
 * only where `/run` cannot be written do they keep apart by chance alone. Errors: every user of the range is
 * taken.
 */
export async function takeUser(): Promise<OwnUser> {
  const alive = usersAlive();
  for (let tries = 0; tries < users.count; tries++) {
    turn += 1;
    const uid = users.first + (turn % users.count);
    if (uid !== trialUser.uid && !alive.has(uid) && (await claim(uid))) return { uid, gid: uid };
  }
  throw new Error('every user of the range is taken');
}

/** Gives a user back whose processes have all ended. */
export async function giveUserBack({ uid }: OwnUser): Promise<void> {
  const owner = inHand.get(uid);
  if (owner !== undefined) await giveFileBack(join(claims, String(uid)), owner);
  inHand.delete(uid);
}

async function claim(uid: number): Promise<boolean> {
  if (inHand.has(uid)) return false;
  const owner = await ownerText();
  if (inHand.has(uid)) return false;
  inHand.set(uid, owner);
  const isOurs = !hasClaims() || (await takeFile(join(claims, String(uid)), owner).catch(() => true));
  if (!isOurs) inHand.delete(uid);
  return isOurs;
}

/** True where claims can be left; a folder that another user made is none to trust. */
function hasClaims(): boolean {
  try {
    mkdirSync(claims, { recursive: true, mode: 0o700 });
    return lstatSync(claims).uid === 0;
  } catch {
    return false;
  }
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
