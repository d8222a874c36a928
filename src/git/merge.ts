import { fail } from '../lib/errors.ts';
import type { Oid } from '../policies/facts.ts';
import { isOid } from './objects/oid.ts';
import { at, type GitPlace, identityEnvironment } from './place.ts';

/** The result of a merge of commits. */
export interface MergedTree {
  /** The merged tree, with conflict markers in the files that `conflicts` names. */
  readonly tree: Oid;
  readonly conflicts: readonly string[];
}

/**
 * The mechanical merge of commits (git-merge-tree, strategy ort) into one tree, written to the object store
 * of the place. More than two commits are merged one after the other, in the order given, through
 * unreferenced commits.
 */
export async function mergeTrees(place: GitPlace, first: Oid, others: readonly Oid[]): Promise<MergedTree> {
  const conflicts = new Set<string>();
  let commit = first;
  let tree: Oid = '';
  for (const [index, other] of others.entries()) {
    const merged = await mergeTwo(place, commit, other);
    for (const path of merged.conflicts) conflicts.add(path);
    tree = merged.tree;
    if (index < others.length - 1) commit = await passingCommit(place, tree, [commit, other]);
  }
  return { tree, conflicts: [...conflicts].sort() };
}

/** Exit code 0: clean; 1: conflicts; anything else is a failure (git-merge-tree, EXIT STATUS). */
async function mergeTwo(place: GitPlace, ours: Oid, theirs: Oid): Promise<MergedTree> {
  const args = [
    'merge-tree',
    '--write-tree',
    '-z',
    '--name-only',
    '--no-messages',
    '--allow-unrelated-histories',
  ];
  const { code, stdout, stderr } = await place.runner.run([...args, ours, theirs], at(place));
  const [tree = '', ...paths] = stdout.toString('utf8').split('\0');
  if (code > 1 || !isOid(tree))
    throw fail('git.failed', 'git merge-tree', { found: stderr.trim().slice(-300) });
  return { tree, conflicts: paths.filter((path) => path !== '') };
}

async function passingCommit(place: GitPlace, tree: Oid, parents: readonly Oid[]): Promise<Oid> {
  const who = identityEnvironment({ name: 'andon', email: 'andon@localhost', date: '@0 +0000' });
  const args = [
    'commit-tree',
    tree,
    ...parents.flatMap((parent) => ['-p', parent]),
    '-m',
    'mechanical merge',
  ];
  const options = { gitDir: place.gitDir, env: { ...place.env, ...who } };
  return (await place.runner.must(args, options)).toString('latin1').trim();
}
