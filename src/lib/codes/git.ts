import { row } from '../code-row.ts';

/** Codes of pushes: refs, trees, the frame rule. */
export const gitCodes = {
  'scope.write': row(
    403,
    'refused',
    'a commit changes only paths inside the write scope',
    'leave the path out, or ask for it: andon task ask',
  ),
  'scope.delete': row(
    403,
    'refused',
    'an implementer deletes no file that it did not add (a rename is a deletion)',
    'keep the file, or ask a human: andon task ask',
  ),
  'frame.merge': row(
    403,
    'refused',
    'outside the scope a merge equals the mechanical merge of accepted work',
    'merge again without changing what is not yours: git merge main, no -s ours, no edits outside the scope',
  ),
  'frame.conflict': row(
    403,
    'refused',
    'accepted work that is merged must merge without conflict outside the scope',
    'ask for the conflicting paths: andon task ask',
  ),
  'tree.symlink': row(403, 'refused', 'a change adds no symbolic link', 'commit a regular file'),
  'tree.gitlink': row(
    403,
    'refused',
    'a change adds no submodule',
    'commit the files themselves, or ask a human',
  ),
  'tree.mode': row(
    403,
    'refused',
    'a file has mode 100644 or 100755, and a change of mode needs the path in scope',
    'commit regular files with ordinary modes',
  ),
  'tree.name': row(
    403,
    'refused',
    'no path has a .git look-alike, an empty, dot or dot-dot segment, a control byte, a backslash or invalid UTF-8',
    'rename the path',
  ),
  'tree.twin': row(
    403,
    'refused',
    'no two paths of a tree differ only by case or Unicode form',
    'rename one of the two',
  ),
  'tree.order': row(403, 'refused', 'tree entries are sorted and unique', 'write the tree with git itself'),
  'tree.size': row(
    403,
    'refused',
    'a blob stays under the size limit of the project',
    'leave the file out, or ask a human to raise the limit',
  ),
  'push.size': row(
    403,
    'refused',
    'a push stays under the limits for bytes, commits and changed paths',
    'push in smaller parts',
  ),
  'push.object': row(
    403,
    'refused',
    'every pushed object is well formed (git fsck)',
    'repair the object; git fsck --strict names it',
  ),
  'push.trailer': row(
    403,
    'refused',
    'only the gateway writes Andon-Audit trailers',
    'remove the trailer from the message',
  ),
  'ref.namespace': row(
    403,
    'refused',
    'an agent pushes only to refs/heads/task/<task>/<epoch>/… of the lease it holds',
    'git push origin HEAD:task/<task>/<epoch>/work',
  ),
  'ref.delete': row(
    403,
    'refused',
    'nobody deletes a ref by push',
    'leave the ref; it is swept when the task ends',
  ),
  'ref.forward': row(
    403,
    'refused',
    'a push only moves a branch forward',
    'rebase onto or merge what you pushed before, or push to another name under the same prefix',
  ),
  'phase.closed': row(
    403,
    'refused',
    'work lands only in a phase that is open',
    'wait until the phase opens; andon status shows what it waits for',
  ),
  'repo.missing': row(
    404,
    'notFound',
    'the project has a repository here',
    'andon init in the repository, then try again',
  ),
  'repo.shallow': row(
    409,
    'refused',
    'a repository is adopted with its whole history',
    'git fetch --unshallow there, then try again',
  ),
  'repo.owner': row(
    403,
    'refused',
    "a repository of another user is read only where the operator's git trusts it",
    'as the user of the gateway: git config --global --add safe.directory <its folder>; then try again',
  ),
  'git.protocol': row(
    400,
    'failed',
    'the request is one of the git smart HTTP protocol',
    'use an ordinary git client, version 2.38 or newer',
  ),
  'git.busy': row(
    503,
    'conflict',
    'one git at a time changes a ref',
    'try again; what a killed git left is removed within seconds',
  ),
  'git.failed': row(
    500,
    'failed',
    'git itself runs without an error',
    'run andon doctor; the message holds what git said',
  ),
} as const;
