import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { careful, openPlain } from './live-folder.ts';

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
export async function replaceSecret(
  file: string,
  text: string,
  reader: { readonly gid: number } | undefined,
): Promise<void> {
  const aside = `${file}.${randomBytes(8).toString('hex')}`;
  const handle = await open(
    aside,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | careful,
    0o600,
  );
  try {
    if (reader !== undefined) await handle.chown(process.getuid?.() ?? 0, reader.gid);
    await handle.chmod(reader === undefined ? 0o600 : 0o640);
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await rename(aside, file);
}
