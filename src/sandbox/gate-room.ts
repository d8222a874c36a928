import { chmod, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../lib/errors.ts';
import { writeAccounts } from './etc.ts';
import { giveAway } from './give-away.ts';
import { closedOnTheWay } from './reach.ts';
import { type Containment, userOf } from './sandbox.ts';

/**
 * The folder for the folders of gates: the temporary folder, or, when separate users cannot enter that one, a
 * folder that they can.
 */
export function gateBase(): string {
  const wanted = tmpdir();
  if (process.getuid?.() !== 0) return wanted;
  return gateBases().find((one) => closedOnTheWay(join(one, 'x')) === undefined) ?? wanted;
}

/** Every folder in which gates may have got theirs. */
export const gateBases = (): string[] => [tmpdir(), ...shared];

const shared = ['/tmp', '/var/tmp'];

/**
 * Prepares a folder with a checkout for the command that is to run in it. Errors: `sandbox.folder` when the
 * command's user cannot enter it.
 */
export async function makeGateRoom(folder: string, containment: Containment): Promise<void> {
  const own = ['home', 'tmp'].map((name) => mkdir(join(folder, name), { recursive: true }));
  await Promise.all(own);
  const user = userOf(containment);
  await writeAccounts(join(folder, 'etc'), user, join(folder, 'home'));
  if (user === undefined) return;
  await chmod(folder, 0o711);
  if (containment.kind === 'other-user') refuseClosed(folder);
  for (const name of ['tree', 'home', 'tmp']) await giveAway(join(folder, name), user);
}

/** Throws `sandbox.folder` when a folder on the way to the path is closed to everybody but its owner. */
export function refuseClosed(path: string): void {
  const closed = closedOnTheWay(path);
  if (closed === undefined) return;
  const next = `chmod o+x ${closed}, or install bubblewrap, or set TMPDIR to a folder that everybody may enter`;
  throw fail('sandbox.folder', path, { found: `${closed} is for its owner only`, next });
}

/** Explains why an existing command was not found: node lies in a folder that only root can enter. */
export function nodeNote({ kind }: Containment, exitCode: number | null): string {
  if (kind !== 'other-user' || (exitCode !== 126 && exitCode !== 127)) return '';
  const closed = closedOnTheWay(process.execPath);
  return closed === undefined
    ? ''
    : `\nandon: gates run as a user of their own, who cannot get at ${process.execPath}: ${closed} is for its owner only`;
}
