import { constants } from 'node:fs';
import { replaceFile } from '../../store/replace-file.ts';
import { openPlain } from '../live-folder.ts';

/** Appends to a plain file; does nothing when something else lies at the path. */
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
 * Replaces a file whole, so that no reader gets half of it. The file belongs to the runner: the user of the
 * run may read it, as its group, and no other user. The folder belongs to the runner, too, and no entry of it
 * is removed or followed on the way: the text goes to a file of a new name, by its handle.
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
