import type { Oid } from '../policies/facts.ts';
import { at, type GitPlace } from './place.ts';

/** The size of a change, which its budget is spent on. */
export interface ChangeSize {
  readonly commits: number;
  readonly files: number;
  /** Lines added and removed; a binary file counts none. */
  readonly lines: number;
}

/** The size of the commits that `commit` adds to `main`, a rename counted as two files. */
export async function changeSize(place: GitPlace, main: Oid, commit: Oid): Promise<ChangeSize> {
  const [count, stat] = await Promise.all([
    place.runner.must(['rev-list', '--count', `${main}..${commit}`], at(place)),
    place.runner.must(
      ['diff', '--numstat', '-z', '--no-renames', '--no-ext-diff', '--no-textconv', `${main}...${commit}`],
      at(place),
    ),
  ]);
  const rows = stat
    .toString('latin1')
    .split('\0')
    .filter((row) => row !== '');
  return {
    commits: Number(count.toString('latin1')),
    files: rows.length,
    lines: rows.map(linesOf).reduce((a, b) => a + b, 0),
  };
}

/** `added<TAB>removed<TAB>path`, with `-` twice for a binary file. */
function linesOf(row: string): number {
  const [added = '', removed = ''] = row.split('\t', 2);
  return (Number(added) || 0) + (Number(removed) || 0);
}
