import { join } from 'node:path';
import type { SourceChange, SourceTree } from '../../analysis/check-sources.ts';
import type { SourceContent } from '../../analysis/source-content.ts';
import { existingPaths } from '../../git/existing-paths.ts';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { mayHoldSource } from '../../policies/measure/source-kind.ts';
import { readBlobs } from './blobs.ts';
import { isLookedAt, readSource } from './files.ts';
import { fields, type Git } from './git.ts';

/** Changes to judge, and the tree that they make. */
export interface Collected {
  readonly changes: readonly SourceChange[];
  readonly tree: SourceTree;
}

/**
 * A row of git's raw diff; a renamed file is one row with its new path. `newId` is all zeros for content that stands
 * only in the work tree.
 */
interface RawRow {
  readonly path: string;
  /** The old path of a renamed file. */
  readonly from?: string;
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldId: string;
  readonly newId: string;
}

const diffOptions = [
  '-r',
  '-z',
  '--raw',
  '--find-renames',
  '-l1000',
  '--no-abbrev',
  '--no-ext-diff',
  '--ignore-submodules=all',
];

/** The changes that a commit of the index would make: index against HEAD. */
export async function stagedChanges(git: Git): Promise<Collected> {
  const base = await headOrEmpty(git);
  const rows = rawRows(await git(['diff-index', '--cached', ...diffOptions, base]));
  return { changes: await toChanges(git, rows), tree: treeIn(git, '') };
}

/** The changes that `B` of `A..B` makes to its merge base with `A`. `A...B` means the same, a missing end is HEAD. */
export async function rangeChanges(git: Git, range: string): Promise<Collected> {
  const parts = /^(.*?)\.{2,3}(.*)$/s.exec(range);
  if (parts === null) throw fail('cli.usage', `--range ${range}`, { next: 'write it as main..HEAD' });
  const [from, tip] = await Promise.all([
    commitId(git, parts[1] || 'HEAD'),
    commitId(git, parts[2] || 'HEAD'),
  ]);
  const base = (await git(['merge-base', from, tip])).toString('latin1').trim();
  const rows = rawRows(await git(['diff-tree', ...diffOptions, base, tip]));
  return { changes: await toChanges(git, rows), tree: treeIn(git, tip) };
}

const treeIn = (git: Git, rev: string): SourceTree => ({
  existing: (paths) => existingPaths(git, rev, paths),
});

/**
 * The changes of the work tree at `root`, untracked files included, against HEAD; below `paths` only, when
 * there are any.
 */
export async function workTreeChanges(
  git: Git,
  root: string,
  paths: readonly string[],
): Promise<SourceChange[]> {
  const base = await headOrEmpty(git);
  const below = ['--', ...paths];
  const rows = rawRows(await git(['--literal-pathspecs', 'diff-index', ...diffOptions, base, ...below]));
  const listed = [
    '--literal-pathspecs',
    'ls-files',
    '-z',
    '--others',
    '--exclude-standard',
    '--full-name',
    ...below,
  ];
  const untracked = fields(await git(listed)).map((path) => added(path));
  return toChanges(git, [...rows, ...untracked], root);
}

const noId = '0'.repeat(40);
const added = (path: string): RawRow => ({
  path,
  oldMode: '000000',
  newMode: '100644',
  oldId: noId,
  newId: noId,
});

async function headOrEmpty(git: Git): Promise<string> {
  const head = await git(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']).catch(() => undefined);
  // Before the first commit everything is compared with the empty tree; its id depends on the hash of the
  // repository.
  return (head ?? (await git(['hash-object', '-t', 'tree', '--stdin']))).toString('latin1').trim();
}

async function commitId(git: Git, name: string): Promise<string> {
  if (name.startsWith('-')) throw fail('cli.usage', '--range', { found: name });
  return (await git(['rev-parse', '--verify', `${name}^{commit}`])).toString('latin1').trim();
}

function rawRows(output: Buffer): RawRow[] {
  const list = fields(output);
  const rows: RawRow[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const row = list[at] ?? '';
    // A rename names its old path first.
    const from = / R\d*$/.test(row) ? list[at + 1] : undefined;
    if (from !== undefined) at += 1;
    rows.push({ path: list[at + 1] ?? '', ...defined({ from }), ...endsOf(row) });
  }
  return rows;
}

function endsOf(row: string): Pick<RawRow, 'oldMode' | 'newMode' | 'oldId' | 'newId'> {
  const [oldMode = '', newMode = '', oldId = '', newId = ''] = row.slice(1).split(' ');
  return { oldMode, newMode, oldId, newId };
}

const isFile = (mode: string): boolean => mode.startsWith('100');
const isStored = (id: string): boolean => !/^0+$/.test(id);

async function toChanges(git: Git, rows: readonly RawRow[], root?: string): Promise<SourceChange[]> {
  const relevant = rows.filter(({ path }) => mayHoldSource(path));
  const ids = relevant.flatMap(({ oldMode, oldId, newMode, newId }) => [
    ...(isFile(oldMode) ? [oldId] : []),
    ...(isFile(newMode) ? [newId] : []),
  ]);
  const blobs = await readBlobs(git, ids.filter(isStored));
  const changes: SourceChange[] = [];
  for (const row of relevant) {
    const before = isFile(row.oldMode) ? blobs.get(row.oldId) : undefined;
    const after = await contentAfter(row, blobs, root);
    if (after !== undefined && !isLookedAt(row.path, after)) continue;
    changes.push(defined({ path: row.path, from: row.from, before, after }));
  }
  return changes;
}

async function contentAfter(
  row: RawRow,
  blobs: ReadonlyMap<string, SourceContent>,
  root: string | undefined,
): Promise<SourceContent | undefined> {
  if (!isFile(row.newMode)) return undefined;
  if (isStored(row.newId) || root === undefined) return blobs.get(row.newId);
  return readSource(join(root, row.path));
}
