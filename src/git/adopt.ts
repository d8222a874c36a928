import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../lib/errors.ts';
import { otherOwner } from './other-owner.ts';
import { readRef } from './refs.ts';
import type { GitRunner } from './runner.ts';
import { type GitEnvironment, type Trust, trusting } from './trust.ts';
import { refuseBroken } from './whole.ts';

/** The source of an adopted repository, and the place of Andon's copy. */
export interface Adoption {
  readonly runner: GitRunner;
  /** Folder in which the bare repository is made. */
  readonly gitDir: string;
  /** A user's repository: its folder or its .git. Only read. */
  readonly source: string;
  readonly branch?: string;
  /** Leads git to the operator's configuration: HOME, XDG_CONFIG_HOME. */
  readonly operator?: GitEnvironment;
}

/** Time limit of a copy. */
export const cloneMs = 10 * 60_000;

/**
 * Clones one branch and the tags, and answers the name of the branch; makes nothing while that branch of the
 * source has no commit. Rejects with `repo.missing`, `repo.shallow`, `repo.broken`, or `repo.owner` for a repository of
 * a user whom the operator's git does not trust.
 */
export function adopt(adoption: Adoption): Promise<{ branch: string; isEmpty: boolean }> {
  return trusting(adoption.runner, adoption.operator ?? {}, (trust) => adoptTrusted(adoption, trust));
}

async function adoptTrusted({ runner, source, gitDir, branch }: Adoption, { env, also }: Trust) {
  const sourceDir = await gitDirOf(runner, source, env);
  // git trusts the work tree; git-upload-pack asks for its repository.
  await also(sourceDir);
  await refuseShallow(sourceDir);
  const name = branch ?? (await checkedOut(runner, sourceDir));
  if ((await readRef({ runner, gitDir: sourceDir }, `refs/heads/${name}`)) === undefined) {
    if (branch !== undefined)
      throw fail('repo.missing', source, {
        found: `no branch ${branch}`,
        next: 'name one that git branch lists there',
      });
    return { branch: name, isEmpty: true };
  }
  const args = ['clone', '--quiet', '--bare', '--template=', '--single-branch', `--branch=${name}`];
  // The owner of a file can change it through every link to it, so another user's files are copied.
  if (!(await isOurs(sourceDir))) args.push('--no-hardlinks');
  await runner.must([...args, '--', sourceDir, gitDir], { timeoutMs: cloneMs, env });
  // A remote that points into the user's folder would be an invitation to fetch from or push to it.
  await runner.run(['config', '--file', join(gitDir, 'config'), '--remove-section', 'remote.origin'], {});
  await settleAlternates(runner, gitDir);
  await refuseBroken({ runner, gitDir, source, isPartial: await isPartialClone(runner, sourceDir) });
  return { branch: name, isEmpty: false };
}

async function gitDirOf(runner: GitRunner, source: string, env: GitEnvironment): Promise<string> {
  const found = await runner
    .run(['rev-parse', '--path-format=absolute', '--git-common-dir'], { cwd: source, env })
    .catch(() => undefined);
  if (found?.code === 0) return found.stdout.toString('utf8').replace(/\n$/, '');
  const owned = otherOwner(found?.stderr ?? '');
  if (owned !== undefined) throw fail('repo.owner', source, { found: owned });
  const said = found?.stderr.trim().split('\n')[0];
  throw fail('repo.missing', source, {
    found: said || 'no such folder',
    next: 'git init there, then try again',
  });
}

const isOurs = async (gitDir: string): Promise<boolean> =>
  (await stat(join(gitDir, 'objects'))).uid === process.geteuid?.();

/** Refuses a shallow repository, which lacks a part of its history. */
async function refuseShallow(gitDir: string): Promise<void> {
  const shallow = await stat(join(gitDir, 'shallow')).then(
    (file) => file.size > 0,
    () => false,
  );
  if (shallow) throw fail('repo.shallow', gitDir, { found: 'a shallow clone' });
}

/** True for a repository that fetches objects when they are asked for: it may be whole all the same. */
async function isPartialClone(runner: GitRunner, gitDir: string): Promise<boolean> {
  const names = '^(remote\\..*\\.promisor|extensions\\.partialclone)$';
  const args = ['config', '--file', join(gitDir, 'config'), '--get-regexp', names];
  return (await runner.run(args, {})).code === 0;
}

async function checkedOut(runner: GitRunner, gitDir: string): Promise<string> {
  const { code, stdout } = await runner.run(['symbolic-ref', '--short', 'HEAD'], { gitDir });
  if (code !== 0)
    throw fail('repo.missing', gitDir, {
      found: 'a detached HEAD',
      next: 'git switch to a branch, then try again',
    });
  return stdout.toString('utf8').trim();
}

/** Copies borrowed objects, only for a source that borrows them: a clone of such a source would borrow them too. */
async function settleAlternates(runner: GitRunner, gitDir: string): Promise<void> {
  const file = join(gitDir, 'objects', 'info', 'alternates');
  if ((await readFile(file).catch(() => undefined)) === undefined) return;
  await runner.must(['repack', '-a', '-d', '--quiet'], { gitDir, timeoutMs: cloneMs });
  await rm(file);
}
