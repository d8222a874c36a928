import { runGit } from '../check/git.ts';

/** The branch that is checked out in a work tree, a linked one included; undefined in a detached HEAD. */
export async function checkedOutBranch(root: string): Promise<string | undefined> {
  const { status, stdout } = await runGit(root, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  return status === 0 ? stdout.toString('utf8').trim() : undefined;
}
