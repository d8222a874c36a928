import { spawn } from 'node:child_process';
import { chmod, lstat, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOwnUser } from './own-user.ts';

/** A file of this name lies in a folder that could not be removed yet. */
export const leftName = '.andon-left';

// First as it is; only where something holds on to itself, everything is made writable. Neither follows a link.
const empty = [
  'gone() { find . -mindepth 1 -maxdepth 1 -exec rm -rf -- {} + 2>/dev/null; [ -z "$(find . -mindepth 1 -maxdepth 1 | head -n 1)" ]; }',
  'gone || { chmod -R u+rwX . 2>/dev/null; gone; }',
].join('\n');

/**
 * Removes the folder of a gate or run. What belongs to a user of its own is removed as that user, who can be led to
 * nothing else; what then lies there is the runner's. Never rejects: false means that something is left, which a
 * later sweep removes.
 */
export async function removeTree(folder: string): Promise<boolean> {
  try {
    const found = await lstat(folder).catch(() => undefined);
    if (found === undefined) return true;
    if (!found.isDirectory()) return false;
    await chmod(folder, 0o700);
    for (const entry of await readdir(folder)) await removeEntry(join(folder, entry));
    await rmdir(folder);
    return true;
  } catch {
    await writeFile(join(folder, leftName), '').catch(() => undefined);
    return false;
  }
}

async function removeEntry(path: string): Promise<void> {
  const found = await lstat(path);
  if (!found.isDirectory()) return rm(path, { force: true });
  const isOther = process.getuid?.() === 0 && isOwnUser(found.uid);
  await emptied(path, isOther ? { uid: found.uid, gid: found.uid } : {});
  await rmdir(path);
}

/** Settles when the folder was emptied as far as that user can. */
const emptied = (cwd: string, user: { readonly uid?: number; readonly gid?: number }): Promise<void> =>
  new Promise((resolve) => {
    const env = { PATH: '/usr/bin:/bin' };
    const child = spawn('/bin/sh', ['-c', empty], { cwd, env, stdio: 'ignore', ...user });
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });

/** Removes folders of that kind which an earlier try left; answers how many are there still. */
export async function sweepLeft(folders: readonly string[]): Promise<number> {
  let left = 0;
  for (const folder of folders) if (!(await removeTree(folder))) left += 1;
  return left;
}
