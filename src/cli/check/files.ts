import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { SourceChange, SourceTree } from '../../analysis/check-sources.ts';
import { isCandidate, type SourceContent } from '../../analysis/source-content.ts';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { mayHoldSource } from '../../policies/measure/source-kind.ts';
import { fields, gitIn, workTree } from './git.ts';

/** The content of a regular file; for a large one its size only; undefined for symbolic links and all other kinds. */
export async function readSource(file: string): Promise<SourceContent | undefined> {
  const found = await lstat(file).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return found.size > limits.analysisBytesMax ? { sizeBytes: found.size } : readFile(file);
}

/**
 * Every source file that `paths` name or that lies below them, as added: whole files are judged, not
 * differences. Inside a work tree, files that git ignores are left out unless there are no others; elsewhere
 * `node_modules` and folders that begin with a dot. A missing path is `cli.usage`. Paths of the result are
 * relative to `base`, with `/`.
 */
export async function fileChanges(
  paths: readonly string[],
  cwd: string,
  base: string,
): Promise<SourceChange[]> {
  const files = new Set<string>();
  for (const path of paths) for (const file of await filesOf(path, resolve(cwd, path))) files.add(file);
  const changes: SourceChange[] = [];
  for (const file of [...files].sort()) {
    const change = await readChange(base, relative(base, file).split(sep).join('/'));
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** A file below `base` as added, or undefined for one that is no source. */
export async function readChange(base: string, path: string): Promise<SourceChange | undefined> {
  const after = mayHoldSource(path) ? await readSource(join(base, path)) : undefined;
  return after !== undefined && isLookedAt(path, after) ? { path, after } : undefined;
}

/** The paths of all files of the work tree at `root` that git does not ignore. */
export const trackedFiles = async (root: string): Promise<string[]> =>
  (await listTracked(root, root)).map((file) => relative(root, file).split(sep).join('/'));

/** The files of a folder as they stand, for questions about other files than those judged. */
export const folderTree = (root: string): SourceTree => ({
  existing: async (paths) => {
    const files = new Set<string>();
    for (const path of new Set(paths)) {
      const found = await lstat(join(root, path)).catch(() => undefined);
      if (found?.isFile() === true) files.add(path);
    }
    return files;
  },
});

/** False when name and content tell that a file is no source. */
export const isLookedAt = (path: string, content: SourceContent): boolean =>
  typeof content === 'string' || 'sizeBytes' in content || isCandidate(path, content);

async function filesOf(path: string, full: string): Promise<string[]> {
  const found = await lstat(full).catch(() => undefined);
  if (found === undefined) throw fail('cli.usage', path, { found: 'no such file or folder' });
  if (!found.isDirectory()) return [full];
  const tree = await workTree(full);
  const listed = tree === undefined ? [] : await listTracked(full, tree);
  return listed.length > 0 ? listed : walkFolder(full);
}

async function listTracked(folder: string, tree: string): Promise<string[]> {
  const options = ['-z', '--cached', '--others', '--exclude-standard', '--full-name'];
  return fields(await gitIn(folder)(['ls-files', ...options])).map((path) => join(tree, path));
}

async function walkFolder(top: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [top];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const full = join(folder, entry.name);
      if (entry.isFile()) files.push(full);
      else if (entry.isDirectory() && isWalked(entry.name)) folders.push(full);
    }
  }
  return files;
}

const isWalked = (name: string): boolean => name !== 'node_modules' && !name.startsWith('.');
