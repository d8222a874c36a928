import { spawn } from 'node:child_process';
import { chmod, lstat, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOwnUser } from './own-user.ts';

/** Name of a file that marks a folder whose removal failed. */
export const leftName = '.andon-left';

// `cd -P`: without it a shell goes there by the whole path, which leads through folders that this user may
// not enter. The first pass changes no mode; only after a failure everything is made writable. Neither pass
// follows a link.
const empty = [
  'gone() { find . -mindepth 1 -maxdepth 1 -exec rm -rf -- {} + 2>/dev/null; [ -z "$(find . -mindepth 1 -maxdepth 1 | head -n 1)" ]; }',
  'for folder; do chmod u+rwx "./$folder"; ( cd -P "./$folder" && { gone || { chmod -R u+rwX . 2>/dev/null; gone; }; } ); done',
].join('\n');

/**
 * Removes the folder of a gate or run. Files of a separate user are removed as that user, whose reach ends at
 * its own files; the rest belongs to the runner. Never rejects: false means that a part is left, which a
 * later sweep removes.
 */
export async function removeTree(folder: string): Promise<boolean> {
  try {
    const found = await lstat(folder).catch(() => undefined);
    if (found === undefined) return true;
    if (!found.isDirectory()) return false;
    await chmod(folder, 0o711);
    await emptyOthers(folder);
    for (const entry of await readdir(folder)) await removeOwn(folder, entry);
    await rmdir(folder);
    return true;
  } catch {
    await writeFile(join(folder, leftName), '').catch(() => undefined);
    return false;
  }
}

/**
 * Empties the folders of separate users, each as its user. The entries of `folder` itself belong to the
 * runner, so no other user can exchange them.
 */
async function emptyOthers(folder: string): Promise<void> {
  const byUser = new Map<number, string[]>();
  for (const name of await readdir(folder)) {
    const { uid, isFolder } = await whatIs(join(folder, name));
    if (isFolder && isOther(uid)) byUser.set(uid, [...(byUser.get(uid) ?? []), name]);
  }
  for (const [uid, names] of byUser) await emptied(folder, names, { uid, gid: uid });
}

async function removeOwn(folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  const { uid, isFolder } = await whatIs(path);
  if (!isFolder) return rm(path, { force: true });
  if (isOther(uid)) return rmdir(path);
  // Files of this user: only read-only ones take another pass.
  const isGone = await rm(path, { recursive: true }).then(
    () => true,
    () => false,
  );
  if (isGone) return;
  await emptied(folder, [name], {});
  await rmdir(path);
}

const isOther = (uid: number): boolean => process.getuid?.() === 0 && isOwnUser(uid);

async function whatIs(path: string): Promise<{ uid: number; isFolder: boolean }> {
  const found = await lstat(path);
  return { uid: found.uid, isFolder: found.isDirectory() };
}

/** Settles when the folders in `cwd` were emptied as far as that user can. */
const emptied = (
  cwd: string,
  names: readonly string[],
  user: { readonly uid?: number; readonly gid?: number },
): Promise<void> =>
  new Promise((resolve) => {
    const env = { PATH: '/usr/bin:/bin' };
    const child = spawn('/bin/sh', ['-c', empty, 'andon', ...names], { cwd, env, stdio: 'ignore', ...user });
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });

/** Removes folders of that kind which an earlier attempt left; answers the number of remaining ones. */
export async function sweepLeft(folders: readonly string[]): Promise<number> {
  let left = 0;
  for (const folder of folders) if (!(await removeTree(folder))) left += 1;
  return left;
}
