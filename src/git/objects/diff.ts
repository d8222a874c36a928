import { limits } from '../../lib/limits.ts';
import { twinKey } from '../../lib/paths.ts';
import type { Excess, Oddity, Oid, PathChange } from '../../policies/facts.ts';
import type { ObjectReader } from './reader.ts';
import { decodeKey, isTreeMode, type TreeEntry } from './tree.ts';

/** The difference of two trees, and the irregularities of the newer one. */
export interface TreeDiff {
  readonly changes: readonly PathChange[];
  readonly oddities: readonly Oddity[];
  readonly twins: readonly (readonly [string, string])[];
  readonly excess?: Excess;
}

interface Open {
  readonly changes: PathChange[];
  readonly oddities: Oddity[];
  readonly twins: [string, string][];
  /** Folders still to be compared. */
  folders: Folder[];
}

interface Folder {
  /** Ends in `/`, or is empty for the root. */
  readonly prefix: string;
  readonly old?: Oid;
  readonly new?: Oid;
}

/**
 * Every path in which two trees differ, without rename detection, by walking both and skipping equal
 * subtrees. Absent trees are empty. Also reports irregularities of the new trees on the way. Ends early, with
 * `excess`, when there are more than `pathsMax` paths and folders or a path is too long: a tree of shared
 * subtrees can stand for more files than there are atoms.
 */
export async function diffTrees(
  reader: ObjectReader,
  from: Oid | undefined,
  to: Oid | undefined,
  pathsMax: number,
): Promise<TreeDiff> {
  const open: Open = { changes: [], oddities: [], twins: [], folders: [] };
  if (from !== to) open.folders.push(folder('', from, to));
  let visited = 0;
  let excess: Excess | undefined;
  while (open.folders.length > 0 && excess === undefined) {
    const level = open.folders;
    open.folders = [];
    visited += level.length;
    excess = over(visited + open.changes.length, level, pathsMax);
    if (excess === undefined) await walkLevel(reader, level, open);
    excess ??= over(visited + open.changes.length + open.folders.length, [], pathsMax);
  }
  open.changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { changes: open.changes, oddities: open.oddities, twins: open.twins, ...(excess && { excess }) };
}

const folder = (prefix: string, old: Oid | undefined, next: Oid | undefined): Folder => ({
  prefix,
  ...(old !== undefined && { old }),
  ...(next !== undefined && { new: next }),
});

function over(paths: number, level: readonly Folder[], pathsMax: number): Excess | undefined {
  if (paths > pathsMax) return { what: 'paths', limit: pathsMax };
  const deep = level.some(({ prefix }) => prefix.length > limits.pathBytesMax);
  return deep ? { what: 'depth', limit: limits.pathBytesMax } : undefined;
}

/** Trees read at a time: enough to keep git busy, too few to fill the memory. */
const readAhead = 256;

async function walkLevel(reader: ObjectReader, level: readonly Folder[], open: Open): Promise<void> {
  for (let at = 0; at < level.length; at += readAhead) {
    const part = level.slice(at, at + readAhead);
    const pairs = await Promise.all(
      part.map(async (one) => ({
        one,
        old: one.old === undefined ? [] : await reader.tree(one.old),
        next: one.new === undefined ? [] : await reader.tree(one.new),
      })),
    );
    for (const { one, old, next } of pairs) compare(one, old, next, open);
  }
}

function compare(at: Folder, old: readonly TreeEntry[], next: readonly TreeEntry[], open: Open): void {
  const oldByKey = new Map(old.map((entry) => [entry.key, entry]));
  const seen = new Set<string>();
  for (const entry of next) {
    const path = pathOf(at, entry.key);
    if (seen.has(entry.key)) open.oddities.push({ kind: 'duplicate', path, found: 'twice in one tree' });
    seen.add(entry.key);
    const before = oldByKey.get(entry.key);
    if (before === undefined || !sameEntry(before, entry)) differ(path, before, entry, open);
  }
  for (const entry of old) if (!seen.has(entry.key)) differ(pathOf(at, entry.key), entry, undefined, open);
  if (at.new !== undefined) noteShape(at, next, open);
  noteTwins(
    at,
    next.filter(({ key }) => !oldByKey.has(key)).map(({ key }) => key),
    next,
    open,
  );
}

const sameEntry = (a: TreeEntry, b: TreeEntry): boolean => a.oid === b.oid && a.mode === b.mode;

const pathOf = (at: Folder, key: string): string => at.prefix + decodeKey(key);

/** Compares one name of two trees: folders go on the list, everything else is a change. */
function differ(path: string, before: TreeEntry | undefined, after: TreeEntry | undefined, open: Open): void {
  const [old, next] = [sides(before), sides(after)];
  if (after !== undefined) noteEntry(path, after, next.tree !== undefined, open);
  if (old.tree !== next.tree) open.folders.push(folder(`${path}/`, old.tree, next.tree));
  if (old.file === undefined && next.file === undefined) return;
  open.changes.push({
    path,
    ...(old.file && { oldMode: old.file.mode, oldOid: old.file.oid }),
    ...(next.file && { newMode: next.file.mode, newOid: next.file.oid }),
  });
}

function sides(entry: TreeEntry | undefined): { tree?: Oid; file?: TreeEntry } {
  if (entry === undefined) return {};
  return isTreeMode(entry.mode) ? { tree: entry.oid } : { file: entry };
}

function noteEntry(path: string, entry: TreeEntry, tree: boolean, open: Open): void {
  // A slash in a name would make this entry look like a file of another folder.
  if (entry.key.includes('/') || entry.key === '')
    open.oddities.push({ kind: 'slash', path, found: 'slash in a name, or no name' });
  if (tree && entry.mode !== '40000') open.oddities.push({ kind: 'mode', path, found: entry.mode });
}

/**
 * Notes entries out of order, and empty folders, which git never writes. The order of git is by bytes, with a
 * slash after the name of a folder.
 */
function noteShape(at: Folder, entries: readonly TreeEntry[], open: Open): void {
  if (entries.length === 0 && at.prefix !== '')
    open.oddities.push({ kind: 'empty', path: at.prefix, found: 'an empty folder' });
  let last = '';
  for (const { key, mode } of entries) {
    const rank = key + (isTreeMode(mode) ? '/' : '\0');
    if (rank < last) open.oddities.push({ kind: 'unsorted', path: pathOf(at, key), found: 'out of order' });
    last = rank;
  }
}

function noteTwins(at: Folder, added: readonly string[], next: readonly TreeEntry[], open: Open): void {
  if (added.length === 0) return;
  const names = new Map<string, string>();
  const note = (key: string, isAdded: boolean): void => {
    const name = decodeKey(key);
    const twin = twinKey(name);
    const other = names.get(twin);
    if (isAdded) names.set(twin, name);
    if (other !== undefined && other !== name) {
      open.twins.push(
        isAdded ? [at.prefix + name, at.prefix + other] : [at.prefix + other, at.prefix + name],
      );
    }
  };
  for (const key of added) note(key, true);
  const fresh = new Set(added);
  for (const { key } of next) if (!fresh.has(key)) note(key, false);
}
