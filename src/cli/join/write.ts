import { appendFile, lstat, mkdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { runGit } from '../check/git.ts';
import { writeWhole } from '../gateway-file.ts';
import type { JoinFile } from './plan.ts';

interface Planned {
  readonly file: JoinFile;
  readonly after: string;
  readonly changed: boolean;
}

/**
 * Writes the files into a folder, all or none of them; answers the paths that changed. In a repository
 * `.git/info/exclude` keeps them out of git, since a push that holds them is refused; a file that git tracks
 * stays unchanged unless `tracked` allows it. Errors: `cli.usage`.
 */
export async function writeFiles(
  folder: string,
  files: readonly JoinFile[],
  { tracked }: { readonly tracked: boolean },
): Promise<string[]> {
  const planned: Planned[] = [];
  for (const file of files) planned.push(await plan(folder, file, tracked));
  const changed = planned.filter(({ changed: differs }) => differs);
  for (const { file, after } of changed) {
    await mkdir(dirname(join(folder, file.path)), { recursive: true });
    await writeWhole(join(folder, file.path), after, 0o644);
  }
  await exclude(
    folder,
    changed.map(({ file }) => file.path),
  );
  return changed.map(({ file }) => file.path);
}

async function plan(folder: string, file: JoinFile, tracked: boolean): Promise<Planned> {
  await refuseLinks(folder, file.path);
  const before = await readFile(join(folder, file.path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const after = file.merge(before);
  const changed = after !== before;
  if (changed && !tracked && (await isTracked(folder, file.path)))
    throw fail('cli.usage', file.path, {
      found: 'a file that git tracks',
      next: 'leave --write out and add the printed text by hand, or pass --tracked',
    });
  return { file, after, changed };
}

/** Refuses a path through a link: a repository may hold links, and the files must not land elsewhere. Errors: `cli.usage`. */
export async function refuseLinks(folder: string, path: string): Promise<void> {
  const parts = path.split('/');
  for (let n = 1; n <= parts.length; n++) {
    const at = parts.slice(0, n).join('/');
    const found = await lstat(join(folder, at)).catch(() => undefined);
    const wanted = n === parts.length ? found?.isFile() : found?.isDirectory();
    if (found !== undefined && wanted !== true)
      throw fail('cli.usage', at, { found: 'a link, or no file or folder', next: 'remove it first' });
  }
}

async function isTracked(folder: string, path: string): Promise<boolean> {
  const { status } = await runGit(folder, ['ls-files', '--error-unmatch', '--', path]);
  return status === 0;
}

/**
 * Adds paths that git would show as new to `info/exclude`, which is not shared. Does nothing outside of a
 * repository.
 */
async function exclude(folder: string, paths: readonly string[]): Promise<void> {
  const { status, stdout } = await runGit(folder, [
    'rev-parse',
    '--show-prefix',
    '--git-path',
    'info/exclude',
  ]);
  if (status !== 0) return;
  const [prefix = '', where = ''] = stdout.toString('utf8').split('\n');
  const lines: string[] = [];
  for (const path of paths) if (await isShown(folder, path)) lines.push(`/${prefix}${path}\n`);
  if (lines.length > 0) await appendLines(resolve(folder, where), lines);
}

async function appendLines(file: string, lines: readonly string[]): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${lines.join('')}`);
}

/** True for a path that is neither tracked nor ignored: git would list it as new. */
async function isShown(folder: string, path: string): Promise<boolean> {
  const { status } = await runGit(folder, ['check-ignore', '-q', '--', path]);
  return status !== 0 && !(await isTracked(folder, path));
}
