import { chown, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Hands a folder and everything in it to another user. */
export async function giveAway(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  await chown(folder, uid, gid);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    // A symbolic link is left as it is: chown would follow it out of the folder.
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), uid, gid);
  }
}
