import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { LiveFolder, readBelow, readStart } from '../live-folder.ts';

const entriesMax = 50_000;
const contentBytesMax = 1024 * 1024;
const depthMax = 64;

/**
 * Detects changes in the work of a run: a hash over the names and contents of its files, without `.git`, read
 * as plain files and never by git (the folder belongs to the agent: its settings could start programs). A
 * file is read again only when its size or time has changed. At most 50,000 entries count.
 */
export class WorkFingerprint {
  readonly #root: string;
  readonly #known = new Map<string, { stamp: string; hash: string }>();

  constructor(root: string) {
    this.#root = root;
  }

  async read(): Promise<string> {
    const walk = { hash: createHash('sha256'), entriesLeft: entriesMax };
    await this.#walk(await LiveFolder.open(this.#root), '', walk, 0);
    return walk.hash.digest('hex');
  }

  async #walk(
    folder: LiveFolder | undefined,
    path: string,
    walk: { hash: Hash; entriesLeft: number },
    depth: number,
  ): Promise<void> {
    if (folder === undefined) return;
    try {
      const entries = (await folder.entries())
        .filter(({ name }) => !(path === '' && name === '.git') && name !== 'node_modules')
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      walk.entriesLeft -= entries.length;
      for (const { name, isFolder } of entries) {
        const below = path === '' ? name : `${path}/${name}`;
        if (!isFolder) walk.hash.update(`${below}\0${await this.#ofFile(folder, name, below)}\0`);
        else if (walk.entriesLeft > 0 && depth < depthMax)
          await this.#walk(await folder.folder(name), below, walk, depth + 1);
      }
    } finally {
      await folder.close();
    }
  }

  async #ofFile(folder: LiveFolder, name: string, path: string): Promise<string> {
    try {
      const stat = await folder.stat(name);
      if (stat.isSymbolicLink()) return `-> ${await folder.link(name)}`;
      if (!stat.isFile() || stat.size > contentBytesMax) return `${stat.size} ${stat.mode}`;
      const stamp = `${stat.size} ${stat.mtimeMs}`;
      const known = this.#known.get(path);
      if (known?.stamp === stamp) return known.hash;
      const handle = await folder.file(name, constants.O_RDONLY);
      const hash = createHash('sha256')
        .update(handle === undefined ? '' : await readStart(handle, contentBytesMax))
        .digest('base64url');
      this.#known.set(path, { stamp, hash });
      return hash;
    } catch {
      // The file went away meanwhile, which the next look will count as a change.
      return 'gone';
    }
  }
}

/** The commit at the head of a clone, read from its files; undefined when the head is no plain commit. */
export async function headOf(tree: string): Promise<string | undefined> {
  const text = async (name: string): Promise<string> =>
    (await readBelow(tree, `.git/${name}`, contentBytesMax))?.toString('utf8').trim() ?? '';
  const head = await text('HEAD');
  const [, ref] = /^ref: (refs\/heads\/[\w./-]{1,300})$/.exec(head) ?? [];
  if (ref === undefined || ref.split('/').some((name) => name === '' || name === '.' || name === '..'))
    return ref === undefined ? head || undefined : undefined;
  const loose = await text(ref);
  if (loose !== '') return loose;
  const packed = (await text('packed-refs')).split('\n').find((line) => line.endsWith(` ${ref}`));
  return packed?.slice(0, packed.indexOf(' '));
}
