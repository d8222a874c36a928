import { lstat, mkdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { replaceFile } from '../../store/replace-file.ts';
import { runGit } from './git.ts';

const mark = '# written by andon check --install';

/**
 * Writes the pre-commit hook of the repository at `cwd` to the place where git looks for it (`core.hooksPath`
 * counts). The hook runs `launch` (the program and arguments that started this process), or `andon` when
 * those are gone. Returns the path, and true if the file changed. A hook that Andon did not write stays, with
 * `hook.foreign`, unless `isForced`.
 */
export async function installHook(
  cwd: string,
  launch: readonly string[],
  isForced: boolean,
): Promise<{ path: string; isChanged: boolean }> {
  const path = join(await hooksFolder(cwd), 'pre-commit');
  const text = hookText(launch);
  const old = await readHook(path);
  if (old === text) return { path, isChanged: false };
  if (old !== undefined && !old.includes(mark) && !isForced) throw fail('hook.foreign', path);
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, text, { mode: 0o755, isExact: true });
  return { path, isChanged: true };
}

async function hooksFolder(cwd: string): Promise<string> {
  // Without the safe options, which hide core.hooksPath. `rev-parse` runs nothing.
  const { status, stdout, stderr } = await runGit(cwd, ['rev-parse', '--git-path', 'hooks']);
  if (status !== 0) throw fail('cli.usage', 'andon check --install', { found: stderr });
  const folder = resolve(cwd, stdout.toString('utf8').replace(/\n$/, ''));
  const found = await lstat(folder).catch(() => undefined);
  if (found !== undefined && !found.isDirectory() && !found.isSymbolicLink()) {
    throw fail('cli.usage', 'andon check --install', { found: `core.hooksPath is ${folder}, no folder` });
  }
  return folder;
}

/**
 * The text of the hook, `''` for anything but a regular file (a link or a folder is foreign), undefined when
 * there is none.
 */
async function readHook(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return found.isFile() ? readFile(path, 'utf8') : '';
}

function hookText(launch: readonly string[]): string {
  const [program = '', ...args] = launch;
  const script = args.findLast((one) => !one.startsWith('-')) ?? '';
  return `#!/bin/sh
${mark}; a commit is refused as the gateway would refuse it
if [ -x ${quote(program)} ] && [ -e ${quote(script)} ]; then
  exec ${[program, ...args].map(quote).join(' ')} check --staged
fi
if command -v andon >/dev/null 2>&1; then exec andon check --staged; fi
echo 'andon: not found; install it, or run andon check --install again' >&2
exit 1
`;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
