import type { Oid } from '../policies/facts.ts';
import { at, type GitPlace } from './place.ts';

const outputBytesMax = 64 * 1024 * 1024;

/** The files that git shows as renamed from one tree to another: old paths by new ones. */
export async function renamesBetween(
  place: GitPlace,
  from: Oid,
  to: Oid,
): Promise<ReadonlyMap<string, string>> {
  const args = [
    'diff-tree',
    '-r',
    '-z',
    '--name-status',
    '--find-renames',
    '-l1000',
    '--diff-filter=R',
    from,
    to,
  ];
  const output = await place.runner.must(args, { ...at(place), outputBytesMax });
  const words = output.toString('utf8').split('\0');
  const found = new Map<string, string>();
  for (let index = 0; index + 2 < words.length; index += 3)
    found.set(words[index + 2] ?? '', words[index + 1] ?? '');
  return found;
}
