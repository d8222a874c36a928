import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { isCandidate, type SourceContent } from '../../analysis/analyser.ts';
import type { SourceChange } from '../../analysis/check-sources.ts';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { mayHoldSource } from '../../policies/measure/source-kind.ts';
import { fields, gitIn, workTree } from './git.ts';

/** The content of a regular file; for a large one its size only; undefined for symbolic links and all other kinds. */
export async function readSource(file: string): Promise<SourceContent | undefined> {
  const found = await lstat(file).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return found.size > limits.sourceBytesMax ? { sizeBytes: found.size } : readFile(file);
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
    const after = mayHoldSource(file) ? await readSource(file) : undefined;
    if (after !== undefined && isLookedAt(file, after))
      changes.push({ path: relative(base, file).split(sep).join('/'), after });
  }
  return changes;
}

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
