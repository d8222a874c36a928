import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { runGit } from '../check/git.ts';

/**
 * Keeps `.andon/` out of `git status` by the repository's own `info/exclude`, which is not shared and no file
 * of the user. Answers true if it wrote the file.
 */
export async function excludeDataFolder(root: string): Promise<boolean> {
  const { status, stdout, stderr } = await runGit(root, ['rev-parse', '--git-path', 'info/exclude']);
  if (status !== 0) throw fail('git.failed', 'git rev-parse', { found: stderr });
  const path = resolve(root, stdout.toString('utf8').replace(/\n$/, ''));
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.split('\n').some((line) => /^\/?\.andon\/?$/.test(line.trim()))) return false;
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, `${text === '' || text.endsWith('\n') ? '' : '\n'}/.andon/\n`);
  return true;
}
