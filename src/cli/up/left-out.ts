import { runGit } from '../check/git.ts';

/** The branch that is checked out in a work tree, a linked one included; undefined in a detached HEAD. */
export async function checkedOutBranch(root: string): Promise<string | undefined> {
  const { status, stdout } = await runGit(root, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  return status === 0 ? stdout.toString('utf8').trim() : undefined;
}

const namesMax = 5;

/** Words of what a project loses when it is adopted: submodules and files of Git LFS lie elsewhere. */
export async function leftOutWords(root: string, branch: string): Promise<string[]> {
  const { stdout } = await runGit(root, ['ls-tree', '-r', '-z', branch]);
  const submodules = stdout
    .toString('utf8')
    .split('\0')
    .flatMap((row) => (row.startsWith('160000 ') ? [row.slice(row.indexOf('\t') + 1)] : []));
  const lfs = await runGit(root, ['grep', '-l', 'filter=lfs', branch, '--', '*.gitattributes']);
  const words: string[] = [];
  if (submodules.length > 0) {
    const names = submodules.slice(0, namesMax).join(', ');
    words.push(`submodules are not served: ${names} lie empty in clones of agents and in gates`);
  }
  if (lfs.status === 0)
    words.push(
      'files of Git LFS stay pointers in gates; clone with GIT_LFS_SKIP_SMUDGE=1, for Andon serves no LFS',
    );
  return words;
}
