import { spawn } from 'node:child_process';
import type { ClaimedTask, RunOrder } from './ports.ts';

const outputMax = 4_000;

/** Runs git and resolves to what it said when it failed, or undefined when it did not. */
function git(
  args: readonly string[],
  env: Record<string, string>,
  abort: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('git', args, { env, stdio: ['ignore', 'ignore', 'pipe'], signal: abort });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-outputMax);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : said.trim() || `git ended with ${code}`));
  });
}

export interface CloneOf {
  readonly order: RunOrder;
  readonly task: ClaimedTask | undefined;
  /** The gateway, and the folder that the clone is made in. */
  readonly url: string;
  readonly tree: string;
  readonly env: Record<string, string>;
  readonly abort: AbortSignal;
}

/**
 * Makes the clone of a run: its own, never a linked worktree, with a branch for its task that a plain `git push` takes
 * to where the task's work belongs. Returns what went wrong, if something did.
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
