import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';

// Not to follow a link that the run has put there, and not to hang on a pipe that nobody reads or writes.
const careful = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens what lies in a folder of a run; undefined where it is no plain file of one name. */
async function openPlain(file: string, flags: number): Promise<FileHandle | undefined> {
  const handle = await open(file, flags | careful).catch(() => undefined);
  if (handle === undefined) return undefined;
  const stat = await handle.stat();
  if (stat.isFile() && stat.nlink === 1) return handle;
  await handle.close();
  return undefined;
}

/** The first `bytesMax` bytes of a plain file; undefined where there is none. */
export async function readPlain(file: string, bytesMax: number): Promise<Buffer | undefined> {
  const handle = await openPlain(file, constants.O_RDONLY);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytesMax), 0, bytesMax, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

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
 * Puts a file in the place of whatever lies there, readable by its owner alone; nobody reads half of it. The run may
 * write in the folder, so what is written to is a file made here and now, by its handle, never a name.
 */
export async function replaceSecret(
  file: string,
  text: string,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<void> {
  const aside = `${file}.new`;
  await rm(aside, { recursive: true, force: true });
  const handle = await open(
    aside,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | careful,
    0o600,
  );
  try {
    await handle.chmod(0o600);
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await rename(aside, file);
}
