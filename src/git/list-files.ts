import type { Oid } from '../policies/facts.ts';
import { at, type GitPlace } from './place.ts';

/** A plain file of a commit, with its blob and, if it differs from an earlier commit, the blob there. */
export interface ListedFile {
  readonly path: string;
  readonly after: Oid;
  readonly before?: Oid | undefined;
}

const outputBytesMax = 256 * 1024 * 1024;
const isPlain = (mode: string): boolean => mode.startsWith('100');

/** Every plain file of a commit. */
export async function listFiles(place: GitPlace, commit: Oid): Promise<ListedFile[]> {
  const output = await place.runner.must(['ls-tree', '-r', '-z', '--full-tree', commit], {
    ...at(place),
    outputBytesMax,
  });
  return output
    .toString('utf8')
    .split('\0')
    .flatMap((row) => {
      const [, mode = '', oid = '', path = ''] = /^(\d+) blob ([0-9a-f]+)\t([\s\S]+)$/.exec(row) ?? [];
      return isPlain(mode) ? [{ path, after: oid }] : [];
    });
}

/** Plain files of the second commit that differ from the first. */
export async function listChanges(place: GitPlace, from: Oid, to: Oid): Promise<ListedFile[]> {
  const output = await place.runner.must(['diff-tree', '-r', '-z', '--no-renames', from, to], {
    ...at(place),
    outputBytesMax,
  });
  const words = output.toString('utf8').split('\0');
  const rows = words.filter((_word, index) => index % 2 === 0 && index + 1 < words.length);
  return rows.flatMap((row, index) => changeOf(row, words[index * 2 + 1] ?? ''));
}

/** Parses a row of `git diff-tree --raw`: `:<mode> <mode> <oid> <oid> <status>` and the path behind it. */
function changeOf(row: string, path: string): ListedFile[] {
  const [, oldMode = '', newMode = '', before, after = ''] =
    /^:(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) /.exec(row) ?? [];
  return isPlain(newMode) ? [{ path, after, before: isPlain(oldMode) ? before : undefined }] : [];
}
