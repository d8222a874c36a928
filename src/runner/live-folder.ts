import { constants, existsSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

// Linux opens by it what a handle holds, wherever that lies by now. Elsewhere names have to do.
const handles = '/proc/self/fd';
const hasHandles = existsSync(handles);

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// Not to follow a link that the run has put there, and not to hang on a pipe that nobody reads or writes.
const careful = constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface LiveEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/**
 * A folder that a run may change while the runner looks at it: everything below is reached from its handle, one name
 * at a time, so that no link leads the runner anywhere else, whenever it is put there.
 */
export class LiveFolder {
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = hasHandles ? join(handles, String(handle.fd)) : path;
  }

  /** Opens a folder whose own path the run cannot change; undefined where there is none. Close it. */
  static async open(path: string): Promise<LiveFolder | undefined> {
    const handle = await open(path, asFolder).catch(() => undefined);
    return handle === undefined ? undefined : new LiveFolder(handle, path);
  }

  async entries(): Promise<LiveEntry[]> {
    const found = await readdir(this.#path, { withFileTypes: true }).catch(() => []);
    return found.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  }

  /** A folder in it, by one name. */
  folder = (name: string): Promise<LiveFolder | undefined> => LiveFolder.open(this.#at(name));

  /** A file in it, by one name; undefined where it is no plain file of one name. Close it. */
  file = (name: string, flags: number): Promise<FileHandle | undefined> => openPlain(this.#at(name), flags);

  stat = (name: string): ReturnType<typeof lstat> => lstat(this.#at(name));

  link = (name: string): Promise<string> => readlink(this.#at(name));

  #at(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/'))
      throw new Error(`no name: ${name}`);
    // Not `join`, which would take the handle for a link to be tidied away.
    return `${this.#path}/${name}`;
  }

  close = (): Promise<void> => this.#handle.close();
}

/** Opens what lies in a folder of a run; undefined where it is no plain file of one name. */
export async function openPlain(file: string, flags: number): Promise<FileHandle | undefined> {
  const handle = await open(file, flags | careful).catch(() => undefined);
  if (handle === undefined) return undefined;
  const stat = await handle.stat();
  if (stat.isFile() && stat.nlink === 1) return handle;
  await handle.close();
  return undefined;
}

/** The first `bytesMax` bytes of a plain file below a folder, reached name by name; undefined where there is none. */
export async function readBelow(root: string, path: string, bytesMax: number): Promise<Buffer | undefined> {
  const names = path.split('/');
  const last = names.pop() ?? '';
  let folder = await LiveFolder.open(root);
  for (const name of names) {
    const next: LiveFolder | undefined = await folder?.folder(name);
    await folder?.close();
    folder = next;
  }
  if (folder === undefined) return undefined;
  try {
    const handle = await folder.file(last, constants.O_RDONLY);
    return handle === undefined ? undefined : await readStart(handle, bytesMax);
  } finally {
    await folder.close();
  }
}

/** Reads the first bytes of a file and closes it. */
export async function readStart(handle: FileHandle, bytesMax: number): Promise<Buffer> {
  try {
    const most = Math.min(bytesMax, (await handle.stat()).size);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
