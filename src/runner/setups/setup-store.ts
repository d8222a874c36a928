import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

/** Limits on the entries of a store. */
export interface SetupLimits {
  /** Most bytes of all entries; the ones unused for the longest time go first. */
  readonly bytesMax: number;
  /** Milliseconds without use after which an entry goes. */
  readonly ageMsMax: number;
}

export const setupLimitsDefault: SetupLimits = { bytesMax: 10_000_000_000, ageMsMax: 30 * 86_400_000 };

/** An entry of a store. */
export interface StoredSetup {
  readonly key: string;
  readonly bytes: number;
  readonly usedAt: Date;
}

const archive = '.tar';
const digest = '.sha256';
const chunkBytes = 1024 * 1024;
const named = /^([0-9a-f]{64})\.tar$/;

/**
 * Archives of what set-ups have made, each under its key, in a folder that no gate can enter. A gate gets a copy whose
 * hash is verified while it is copied: the bytes that were checked are the bytes that are used.
 */
export class SetupStore {
  readonly #folder: string;
  readonly #limits: SetupLimits;
  readonly #log: (words: string) => void;

  constructor(folder: string, log: (words: string) => void, limits: SetupLimits = setupLimitsDefault) {
    this.#folder = folder;
    this.#limits = limits;
    this.#log = log;
  }

  #at(key: string, end: string): string {
    return join(this.#folder, `${key}${end}`);
  }

  /** Copies an entry to a file; false where there is none. One that was altered is dropped and told. */
  async copy(key: string, target: string): Promise<boolean> {
    const wanted = await readFile(this.#at(key, digest), 'utf8').catch(() => undefined);
    if (wanted === undefined) return false;
    const found = await copyHashed(this.#at(key, archive), target).catch(() => undefined);
    if (found === wanted.trim()) {
      const now = new Date();
      await utimes(this.#at(key, archive), now, now).catch(() => undefined);
      return true;
    }
    this.#log(`a stored set-up was altered, and is made anew: ${key.slice(0, 12)}`);
    await rm(target, { force: true });
    await this.#drop(key);
    return false;
  }

  /** Keeps an archive, which its maker can no longer change: none of its processes is alive. */
  async put(key: string, source: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const part = this.#at(key, `.${randomBytes(6).toString('hex')}.part`);
    try {
      const hash = await copyHashed(source, part);
      await writeFile(`${part}.sha`, hash, { mode: 0o600 });
      await rename(part, this.#at(key, archive));
      await rename(`${part}.sha`, this.#at(key, digest));
    } finally {
      await rm(part, { force: true });
      await rm(`${part}.sha`, { force: true });
    }
    await this.prune();
  }

  /** Drops entries that are too old, then the ones unused for the longest time until the rest is small enough. */
  async prune(nowMs = Date.now()): Promise<void> {
    const { bytesMax, ageMsMax } = this.#limits;
    const entries = await listSetups(this.#folder);
    let bytes = 0;
    for (const { key, bytes: own, usedAt } of entries.toSorted((one, other) => +other.usedAt - +one.usedAt)) {
      bytes += own;
      if (bytes > bytesMax || nowMs - usedAt.getTime() > ageMsMax) await this.#drop(key);
    }
  }

  async #drop(key: string): Promise<void> {
    for (const end of [digest, archive]) await rm(this.#at(key, end), { force: true });
  }
}

/** The entries of a store in a folder. */
export async function listSetups(folder: string): Promise<StoredSetup[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const [, key] = named.exec(name) ?? [];
      const stat = key === undefined ? undefined : await lstat(join(folder, name)).catch(() => undefined);
      return key === undefined || stat === undefined ? [] : [{ key, bytes: stat.size, usedAt: stat.mtime }];
    }),
  );
  return found.flat();
}

/** Drops every entry of a store. */
export const clearSetups = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** Copies a plain file that is no link, and answers the hash of the bytes that were written. */
async function copyHashed(source: string, target: string): Promise<string> {
  const from = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await from.stat();
    if (!stat.isFile() || stat.nlink !== 1) throw new Error(`${source} is no plain file`);
    const to = await open(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      return await pipeHashed(from, to);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function pipeHashed(from: FileHandle, to: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (;;) {
    const { bytesRead } = await from.read(buffer, 0, chunkBytes, null);
    if (bytesRead === 0) return hash.digest('hex');
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await to.writeFile(chunk);
  }
}
