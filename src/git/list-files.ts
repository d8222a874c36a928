import type { Oid } from '../policies/facts.ts';
import { at, type GitPlace } from './place.ts';

/** A plain file of a commit, with its blob and, if it differs from an earlier commit, the blob there. */
export interface ListedFile {
  readonly path: string;
  /** The old path of a renamed file. */
  readonly from?: string | undefined;
  /** Absent for a file that the later commit has not any more. */
  readonly after?: Oid | undefined;
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

/** Plain files in which two commits differ; a file that git shows as renamed has the blob of its old path before. */
export async function listChanges(place: GitPlace, from: Oid, to: Oid): Promise<ListedFile[]> {
  const output = await place.runner.must(['diff-tree', '-r', '-z', '--find-renames', '-l1000', from, to], {
    ...at(place),
    outputBytesMax,
  });
  const words = output.toString('utf8').split('\0');
  const found: ListedFile[] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const row = words[at] ?? '';
    // A rename names its old path first.
    const from = renamed.test(row) ? words[at + 1] : undefined;
    if (from !== undefined) at += 1;
    found.push(...changeOf(row, words[at + 1] ?? '').map((one) => ({ ...one, from })));
  }
  return found;
}

const renamed = / R\d*$/;

/** Parses a row of `git diff-tree --raw`: `:<mode> <mode> <oid> <oid> <status>` and the path behind it. */
function changeOf(row: string, path: string): ListedFile[] {
  const [, oldMode = '', newMode = '', before, after] =
    /^:(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) /.exec(row) ?? [];
  if (!isPlain(oldMode) && !isPlain(newMode)) return [];
  return [
    { path, after: isPlain(newMode) ? after : undefined, before: isPlain(oldMode) ? before : undefined },
  ];
}
