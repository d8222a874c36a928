import { createHash } from 'node:crypto';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readPlain } from './plain-file.ts';

const entriesMax = 50_000;
const contentBytesMax = 1024 * 1024;

/**
 * Tells whether the work of a run has changed: a hash over the names and contents of its files, without `.git`, read
 * as plain files and never by git (the folder is the agent's: its settings could start programs). A file is read again
 * only when its size or time has changed. At most 50,000 entries count.
 */
export class WorkFingerprint {
  readonly #root: string;
  readonly #known = new Map<string, { stamp: string; hash: string }>();

  constructor(root: string) {
    this.#root = root;
  }

  async read(): Promise<string> {
    const hash = createHash('sha256');
    const folders = [''];
    let entries = 0;
    for (let folder = folders.pop(); folder !== undefined && entries < entriesMax; folder = folders.pop()) {
      const found = await this.#entries(folder);
      entries += found.length;
      for (const { path, isFolder } of found) {
        if (isFolder) folders.push(path);
        else hash.update(`${path}\0${await this.#ofFile(path)}\0`);
      }
    }
    return hash.digest('hex');
  }

  async #entries(folder: string): Promise<{ path: string; isFolder: boolean }[]> {
    const entries = await readdir(join(this.#root, folder), { withFileTypes: true }).catch(() => []);
    return entries
      .map((entry) => ({
        path: folder === '' ? entry.name : `${folder}/${entry.name}`,
        isFolder: entry.isDirectory(),
      }))
      .filter(({ path }) => path !== '.git' && !/(^|\/)node_modules$/.test(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async #ofFile(path: string): Promise<string> {
    const file = join(this.#root, path);
    try {
      const stat = await lstat(file);
      if (stat.isSymbolicLink()) return `-> ${await readlink(file)}`;
      if (!stat.isFile() || stat.size > contentBytesMax) return `${stat.size} ${stat.mode}`;
      const stamp = `${stat.size} ${stat.mtimeMs}`;
      const known = this.#known.get(path);
      if (known?.stamp === stamp) return known.hash;
      const hash = createHash('sha256')
        .update((await readPlain(file, contentBytesMax)) ?? '')
        .digest('base64url');
      this.#known.set(path, { stamp, hash });
      return hash;
    } catch {
      // It went away meanwhile, which is a change of its own at the next look.
      return 'gone';
    }
  }
}

/** The commit that a clone stands on, read from its files; undefined when that is no plain commit. */
export async function headOf(tree: string): Promise<string | undefined> {
  const text = async (name: string): Promise<string> => {
    const file = join(tree, '.git', name);
    return (await readPlain(file, contentBytesMax))?.toString('utf8').trim() ?? '';
  };
  const head = await text('HEAD');
  const [, ref] = /^ref: (refs\/heads\/[\w./-]{1,300})$/.exec(head) ?? [];
  if (ref === undefined || ref.includes('..')) return head || undefined;
  const loose = await text(ref);
  if (loose !== '') return loose;
  const packed = (await text('packed-refs')).split('\n').find((line) => line.endsWith(` ${ref}`));
  return packed?.slice(0, packed.indexOf(' '));
}
