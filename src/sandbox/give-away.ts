import { lchown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OwnUser } from './own-user.ts';

/**
 * Hands a folder with all its content to another user, before any process of that user runs; changes links
 * themselves and not their targets.
 */
export async function giveAway(folder: string, { uid, gid }: OwnUser): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    await lchown(join(entry.parentPath, entry.name), uid, gid);
  await lchown(folder, uid, gid);
}
