import { createGitRunner } from '../../git/runner.ts';
import { ownSpawner } from '../../git/spawn/own-spawner.ts';
import type { ClaimedTask, RunOrder } from '../protocol.ts';

const outputMax = 4_000;

/** Runs git and resolves to its error output when it failed, or undefined when it did not. */
async function git(
  args: readonly string[],
  env: Record<string, string>,
  abort: AbortSignal,
): Promise<string | undefined> {
  const runner = createGitRunner({ spawner: ownSpawner, env });
  const options = { cwd: process.cwd(), timeoutMs: Number.POSITIVE_INFINITY, abort };
  try {
    const { code, stderr } = await runner.run(args, options);
    return code === 0 ? undefined : stderr.trim().slice(-outputMax) || `git ended with ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The run that a clone is made for. */
export interface CloneOf {
  readonly order: RunOrder;
  readonly task: ClaimedTask | undefined;
  /** URL of the gateway. */
  readonly url: string;
  readonly tree: string;
  readonly env: Record<string, string>;
  readonly abort: AbortSignal;
}

/**
 * Makes the clone of a run: separate, never a linked worktree, with a branch for its task from which a plain
 * `git push` goes to the task's branch at the gateway. Returns the error in words, if there is one.
 */
export async function cloneFor({ order, task, url, tree, env, abort }: CloneOf): Promise<string | undefined> {
  const remote = `${url}/git/${order.project}.git`;
  const settings = [
    ...(task === undefined ? [] : [`remote.origin.push=HEAD:refs/heads/${task.branch}`]),
    'core.fsmonitor=false',
    'advice.detachedHead=false',
  ];
  const options = settings.flatMap((setting) => ['--config', setting]);
  const failed = await git(['clone', '--quiet', ...options, '--', remote, tree], env, abort);
  if (failed !== undefined || task === undefined) return failed;
  return git(['-C', tree, 'switch', '--quiet', '--create', 'work'], env, abort);
}
