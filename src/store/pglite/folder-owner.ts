import { stat } from 'node:fs/promises';
import { fail } from '../../lib/errors.ts';

/**
 * Refuses folders that another user has made: root could write there, and the files that root wrote would
 * lock that user out; git serves no repository of another user. A missing folder passes. Errors:
 * `file.denied`.
 */
export async function refuseOthersFolders(...folders: readonly string[]): Promise<void> {
  const self = process.geteuid?.();
  if (self === undefined) return;
  for (const folder of folders) {
    const owner = await ownerOf(folder);
    if (owner !== undefined && owner !== self)
      throw fail('file.denied', folder, { found: `owner ${owner}`, limit: `owner ${self}` });
  }
}

const ownerOf = (folder: string): Promise<number | undefined> =>
  stat(folder).then(
    ({ uid }) => uid,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
