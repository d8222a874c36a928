import { constants, existsSync } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

// On Linux a path below this folder leads to the file behind a handle, even after a rename. Elsewhere names
// must do.
const handles = '/proc/self/fd';
const hasHandles = existsSync(handles);

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// The flags refuse a link that the run has put there, and a pipe that nobody reads or writes cannot block.
const careful = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** One entry of a live folder. */
export interface LiveEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/**
 * A folder that a run may change while the runner reads it: every file below is reached from its handle, one
 * name at a time, so that no link leads the runner elsewhere, at any time.
 */
export class LiveFolder {
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = hasHandles ? join(handles, String(handle.fd)) : path;
  }

  /** Opens a folder whose own path the run cannot change; undefined when there is none. The caller closes it. */
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

  /** A file in it, by one name; undefined unless it is a plain file with no other name. The caller closes it. */
  file = (name: string, flags: number): Promise<FileHandle | undefined> => openPlain(this.#at(name), flags);

  stat = (name: string): ReturnType<typeof lstat> => lstat(this.#at(name));

  link = (name: string): Promise<string> => readlink(this.#at(name));

  #at(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/'))
      throw new Error(`no name: ${name}`);
    // `join` would take the handle for a link and tidy it away.
    return `${this.#path}/${name}`;
  }

  close = (): Promise<void> => this.#handle.close();
}

/** Opens a file in a folder of a run; undefined unless it is a plain file with no other name. */
export async function openPlain(file: string, flags: number): Promise<FileHandle | undefined> {
  const handle = await open(file, flags | careful).catch(() => undefined);
  if (handle === undefined) return undefined;
  const stat = await handle.stat();
  if (stat.isFile() && stat.nlink === 1) return handle;
  await handle.close();
  return undefined;
}

/** The first `bytesMax` bytes of a plain file below a folder, reached name by name; undefined when there is none. */
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
