import { constants } from 'node:fs';
import { replaceFile } from '../../store/replace-file.ts';
import { openPlain } from '../live-folder.ts';

/** Appends to a plain file; does nothing where something else lies in its place. */
export async function appendPlain(file: string, text: string): Promise<void> {
  const handle = await openPlain(file, constants.O_WRONLY | constants.O_APPEND);
  if (handle === undefined) return;
  try {
    await handle.write(text);
  } finally {
    await handle.close();
  }
}

/**
 * Puts a file in the place of one that lies there; nobody reads half of it. It stays the runner's: the user of the run
 * may read it, as its group, and nobody else may. The folder is the runner's, too, and nothing in it is removed or
 * followed on the way: what is written to is a file of a new name, by its handle.
 */
export const replaceSecret = (
  file: string,
  text: string,
  reader: { readonly gid: number } | undefined,
): Promise<void> =>
  replaceFile(
    file,
    text,
    reader === undefined ? { mode: 0o600, isExact: true } : { mode: 0o640, gid: reader.gid },
  );
