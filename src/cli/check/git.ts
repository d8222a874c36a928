import { otherOwner } from '../../git/other-owner.ts';
import { createGitRunner } from '../../git/runner.ts';
import { ownSpawner } from '../../git/spawn/own-spawner.ts';
import { codeOf, withCauses } from '../../lib/causes.ts';
import { fail } from '../../lib/errors.ts';

/** Runs git on a repository with an untrusted configuration: no hook, no file system monitor, no prompt, no lock. */
export type Git = (args: readonly string[], input?: string) => Promise<Buffer>;

/** The exit status and output of a git process. */
export interface GitResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const outputBytesMax = 512 * 1024 * 1024;
const stderrCharsMax = 2_000;
const safe = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'core.quotePath=false'];

const safeEnv = {
  LC_ALL: 'C',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  // A replacement would show other content than the object that is pushed.
  GIT_NO_REPLACE_OBJECTS: '1',
};

/** Variables by which git points at one repository: those that a hook of another repository would leave to us. */
const pointers = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
];

/** Takes out of this process's environment what points git elsewhere: a person means the repository where they stand. */
export function forgetPointers(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of pointers) delete env[name];
}

/**
 * Runs one git process in `cwd`; any exit status is an answer. The environment is kept, since
 * `GIT_INDEX_FILE` tells a pre-commit hook the index that is being committed.
 */
export async function runGit(cwd: string, args: readonly string[], input = ''): Promise<GitResult> {
  const runner = createGitRunner({ spawner: ownSpawner, env: { ...process.env, ...safeEnv } });
  const options = { cwd, stdin: input, outputBytesMax, timeoutMs: Number.POSITIVE_INFINITY };
  const { code, stdout, stderr } = await runner.run(args, options).catch((error: unknown) => {
    const cause = withCauses(error).at(-1);
    if (codeOf(cause) !== 'ENOENT') throw error;
    throw fail('internal', 'git', { found: String(cause), next: 'install git' }, error);
  });
  return { status: code, stdout, stderr: stderr.slice(-stderrCharsMax).trim() };
}

/** Makes a function that runs git in `cwd`; a failure of git is `cli.usage` with git's own words. */
export function gitIn(cwd: string): Git {
  return async (args, input) => {
    const { status, stdout, stderr } = await runGit(cwd, [...safe, ...args], input);
    if (status !== 0) throw fail('cli.usage', `git ${args[0]}`, { found: stderr || `exit ${status}` });
    return stdout;
  };
}

/** The fields of `-z` output. */
export function fields(output: Buffer): string[] {
  const list = output.toString('utf8').split('\u0000');
  list.pop();
  return list;
}

/** The root of the work tree that `cwd` is in, or undefined outside of one. Errors: `repo.owner`. */
export async function workTree(cwd: string): Promise<string | undefined> {
  const { status, stdout, stderr } = await runGit(cwd, [...safe, 'rev-parse', '--show-toplevel']);
  const owned = otherOwner(stderr);
  if (owned !== undefined) throw fail('repo.owner', cwd, { found: owned });
  const root = stdout.toString('utf8').replace(/\n$/, '');
  return status === 0 && root !== '' ? root : undefined;
}
