import { defined } from '../lib/defined.ts';
import { fail } from '../lib/errors.ts';
import { runGit } from './check/git.ts';
import type { Environment } from './world.ts';

/** The commit that HEAD names in the repository at `cwd`. Errors: `cli.usage` outside of a repository. */
export async function headCommit(cwd: string): Promise<string> {
  const { status, stdout, stderr } = await runGit(cwd, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  const commit = stdout.toString('latin1').trim();
  if (status === 0) return commit;
  throw fail('cli.usage', 'HEAD', {
    found: stderr || 'no commit',
    next: 'run this in your clone, or name the commit',
  });
}

/** A lease, from the name of a branch or from the environment. */
export interface LeaseHint {
  readonly task?: string;
  readonly epoch?: number;
}

const branchPattern = /^task\/([a-z0-9][a-z0-9._-]{0,63})\/(\d{1,9})\//;

/** Task and epoch by ANDON_TASK and ANDON_EPOCH, else by the branch checked out: `task/<task>/<epoch>/…`. */
export async function leaseHint(cwd: string, env: Environment): Promise<LeaseHint> {
  if (env.ANDON_TASK) {
    const epoch = Number(env.ANDON_EPOCH);
    return { task: env.ANDON_TASK, ...(Number.isInteger(epoch) && epoch > 0 ? { epoch } : {}) };
  }
  const { status, stdout } = await runGit(cwd, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  const [, task, epoch] = status === 0 ? (branchPattern.exec(stdout.toString('utf8')) ?? []) : [];
  return defined({ task, epoch: task === undefined ? undefined : Number(epoch) });
}
