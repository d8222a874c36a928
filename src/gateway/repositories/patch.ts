import type { MergeCandidate } from '../../changes/git-port.ts';
import { diffTrees } from '../../git/objects/diff.ts';
import type { ObjectReader } from '../../git/objects/reader.ts';
import { at, type GitPlace } from '../../git/place.ts';
import { compileGlobs } from '../../lib/glob-match.ts';
import { anySegments } from '../../lib/globs.ts';
import { limits } from '../../lib/limits.ts';
import type { PathChange } from '../../policies/facts.ts';
import type { Capability } from '../../tiers/capability.ts';
import { readableBy } from '../../tiers/scopes.ts';
import type { Patch, PatchFile } from './offer.ts';

const patchBytesMax = 512 * 1024;

const statusOf = ({ oldOid, newOid }: PathChange): Patch['files'][number]['status'] => {
  if (oldOid === undefined) return 'added';
  return newOid === undefined ? 'deleted' : 'modified';
};

/** The two commits that a patch lies between. */
export interface PatchEnds {
  readonly base: string;
  readonly candidate: string;
}

/** True for a path itself, and for those below it. */
const isAt = (path: string, wanted: string | undefined): boolean =>
  wanted === undefined || path === wanted || path.startsWith(`${wanted.replace(/\/$/, '')}/`);

/** The path to show, globs that what is shown matches or the paths that it is among, and the lines around each difference. */
export interface PatchWish {
  readonly path?: string | undefined;
  readonly within?: readonly string[] | undefined;
  readonly paths?: ReadonlySet<string> | undefined;
  readonly context?: number | undefined;
}

const contextUsual = 3;

type LineCounts = Omit<PatchFile, 'path' | 'status'>;

const countsPattern = /^(\d+|-)\t(\d+|-)\t(.+)$/gm;

/** Counts of lines by file, as git prints them: `-` for a binary one. */
const countsIn = (head: string): ReadonlyMap<string, LineCounts> =>
  new Map(
    [...head.matchAll(countsPattern)].map(([, plus, minus, path = '']) => [
      path,
      { plus: Number(plus) || 0, minus: Number(minus) || 0, binary: plus === '-' },
    ]),
  );

/** Output of git: the counts of lines by file, then the patch. */
function apart(stdout: Buffer): { counts: ReadonlyMap<string, LineCounts>; patch: Buffer } {
  const begin = stdout.indexOf('diff --git ');
  const end = begin < 0 ? stdout.length : begin;
  return { counts: countsIn(stdout.subarray(0, end).toString('utf8')), patch: stdout.subarray(end) };
}

/**
 * The patch of a candidate against its main, for the paths that the grant may read and the wish names; cut at 512 kB.
 */
export async function readPatch(
  place: GitPlace & { readonly reader: ObjectReader },
  change: PatchEnds,
  cap: Capability,
  { path: wanted, within = [anySegments], paths: among, context = contextUsual }: PatchWish = {},
): Promise<Patch> {
  if (change.candidate === '') return { files: [], text: '', truncated: false };
  const { reader } = place;
  const [base, candidate] = await Promise.all([reader.commit(change.base), reader.commit(change.candidate)]);
  const diff = await diffTrees(reader, base.tree, candidate.tree, limits.pushPathsMax);
  const readable = readableBy(cap);
  const matches = compileGlobs(within);
  const isWished = (path: string): boolean =>
    isAt(path, wanted) && matches(path) && among?.has(path) !== false;
  const seen = diff.changes.filter(({ path }) => readable(path) && isWished(path));
  if (seen.length === 0) return { files: [], text: '', truncated: diff.excess !== undefined };
  const args = [
    '-c',
    'core.quotePath=false',
    'diff-tree',
    '--numstat',
    '-p',
    `-U${context}`,
    '-r',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--no-color',
    base.tree,
    candidate.tree,
    '--',
  ];
  const paths = seen.slice(0, 500).map(({ path }) => `:(literal)${path}`);
  const { stdout } = await place.runner.run([...args, ...paths], {
    ...at(place),
    outputBytesMax: 64 * 1024 * 1024,
  });
  const { counts, patch } = apart(stdout);
  return {
    files: seen.map((one) => ({
      ...{ path: one.path, status: statusOf(one), plus: 0, minus: 0, binary: false },
      ...counts.get(one.path),
    })),
    text: patch.subarray(0, patchBytesMax).toString('utf8'),
    truncated: patch.length > patchBytesMax || seen.length > 500 || diff.excess !== undefined,
  };
}

/**
 * The paths that a candidate changes against its base, with the blobs before and after; undefined when they are too
 * many to read.
 */
export async function changesOf(
  reader: ObjectReader,
  { base, tree }: Pick<MergeCandidate, 'base' | 'tree'>,
): Promise<readonly PathChange[] | undefined> {
  const { tree: before } = await reader.commit(base);
  const diff = await diffTrees(reader, before, tree, limits.pushPathsMax);
  return diff.excess === undefined ? diff.changes : undefined;
}
