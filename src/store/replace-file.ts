import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Rights on a file. */
export interface FileRights {
  /** Reduced by the umask, unless `isExact`. */
  readonly mode: number;
  readonly isExact?: boolean;
  /** A group other than that of this process. */
  readonly gid?: number;
}

/**
 * Replaces a file, or makes it: whole or not at all, also when the power fails. The text is written to a file
 * of a new name, so no link in the folder is followed and no file is shortened. An error leaves nothing
 * beside it.
 */
export const replaceFile = (path: string, text: string, rights: FileRights): Promise<void> =>
  replaceFileBy(path, rights, (file) => file.writeFile(text));

/**
 * Replaces a file as `replaceFile` does, with content that `write` produces piece by piece. Answers the
 * result of `write`.
 */
export async function replaceFileBy<T>(
  path: string,
  rights: FileRights,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const [aside, done] = await writeAside(path, rights, write);
  await rename(aside, path).catch((error: unknown) => dropped(aside, error));
  await syncFolder(dirname(path));
  return done;
}

/** Makes a file as `replaceFile` does, unless one exists: then answers false and changes nothing. */
export async function createFile(path: string, text: string, rights: FileRights): Promise<boolean> {
  const [aside] = await writeAside(path, rights, (file) => file.writeFile(text));
  // A link, unlike a rename, leaves alone a file that another process wrote first.
  const isFirst = await link(aside, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? false : dropped(aside, error)),
  );
  await rm(aside, { force: true });
  await syncFolder(dirname(path));
  return isFirst;
}

async function writeAside<T>(
  path: string,
  rights: FileRights,
  write: (file: FileHandle) => Promise<T>,
): Promise<[string, T]> {
  // Processes of several containers may share the folder, and the id of their process.
  const aside = `${path}.${randomBytes(8).toString('hex')}.new`;
  // Only the owner may read the file before it has its group.
  const file = await open(aside, 'wx', rights.gid === undefined ? rights.mode : 0o600);
  try {
    await setRights(file, rights);
    const done = await write(file);
    await file.sync();
    return [aside, done];
  } catch (error) {
    return await dropped(aside, error);
  } finally {
    await file.close();
  }
}

async function setRights(file: FileHandle, { mode, isExact = false, gid }: FileRights): Promise<void> {
  if (gid !== undefined) await file.chown(process.getuid?.() ?? 0, gid);
  if (isExact || gid !== undefined) await file.chmod(mode);
}

async function dropped(aside: string, error: unknown): Promise<never> {
  await rm(aside, { force: true });
  throw error;
}

/** Makes the name of a file as lasting as its folder. */
async function syncFolder(folder: string): Promise<void> {
  // A folder that may be written to may not always be read.
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}
