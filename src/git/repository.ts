import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../lib/errors.ts';
import type { Oid } from '../policies/facts.ts';
import { readRef } from './refs.ts';
import type { GitRunner } from './runner.ts';

export interface Repository {
  readonly gitDir: string;
  /** The branch that only the gateway moves: `refs/heads/main`, or what an adopted repository calls it. */
  readonly mainRef: string;
}

export interface CreateRepository {
  readonly runner: GitRunner;
  /** Must not exist yet. Appears whole or not at all. */
  readonly gitDir: string;
  /** A user's repository to adopt: its folder or its .git. It is only read. */
  readonly source?: string;
  /** Branch to adopt; without one, the branch that is checked out in the source. `main` without a source. */
  readonly branch?: string;
}

const cloneMs = 10 * 60_000;

/**
 * Makes the bare repository of a project. From a source on the same file system, packs and objects are hard links:
 * history of any size is there at once and not twice on the disk. Only the one branch and the tags come along.
 * Rejects with `repo.shallow` for a source without its whole history, `repo.missing` for none.
 */
export async function createRepository(options: CreateRepository): Promise<Repository> {
  const { runner, gitDir, source } = options;
  const aside = join(dirname(gitDir), `.new-${randomUUID()}`);
  await mkdir(dirname(gitDir), { recursive: true, mode: 0o700 });
  try {
    const branch =
      source === undefined
        ? await initEmpty(runner, aside, options.branch)
        : await adopt(options, source, aside);
    await mkdir(join(aside, 'hooks'), { recursive: true });
    await runner.must(['config', '--file', join(aside, 'config'), 'core.fsync', 'all'], {});
    await runner.must(['symbolic-ref', 'HEAD', `refs/heads/${branch}`], { gitDir: aside });
    await rename(aside, gitDir);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return openRepository(runner, gitDir);
}

/** An existing bare repository; rejects with `repo.missing` when there is none. */
export async function openRepository(runner: GitRunner, gitDir: string): Promise<Repository> {
  const head = await runner.run(['symbolic-ref', 'HEAD'], { gitDir }).catch(() => undefined);
  if (head?.code !== 0) throw fail('repo.missing', gitDir, { found: 'no git repository' });
  return { gitDir, mainRef: head.stdout.toString('utf8').trim() };
}

/** The commit that main is at; undefined while the project has none. */
export const mainOid = (runner: GitRunner, { gitDir, mainRef }: Repository): Promise<Oid | undefined> =>
  readRef({ runner, gitDir }, mainRef);

async function initEmpty(runner: GitRunner, gitDir: string, branch = 'main'): Promise<string> {
  await runner.must(['init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, gitDir], {});
  return branch;
}

async function adopt({ runner, branch }: CreateRepository, source: string, gitDir: string): Promise<string> {
  const sourceDir = await gitDirOf(runner, source);
  await refusePartial(runner, sourceDir);
  const name = branch ?? (await checkedOut(runner, sourceDir));
  const args = ['clone', '--quiet', '--bare', '--template=', '--single-branch', `--branch=${name}`];
  if ((await readRef({ runner, gitDir: sourceDir }, `refs/heads/${name}`)) === undefined) {
    if (branch !== undefined) throw fail('repo.missing', source, { found: `no branch ${branch}` });
    return initEmpty(runner, gitDir, name);
  }
  await runner.must([...args, '--', sourceDir, gitDir], { timeoutMs: cloneMs });
  // A remote that points into the user's folder would be an invitation to fetch from or push to it.
  await runner.run(['config', '--file', join(gitDir, 'config'), '--remove-section', 'remote.origin'], {});
  await settleAlternates(runner, gitDir);
  return name;
}

async function gitDirOf(runner: GitRunner, source: string): Promise<string> {
  const options = { cwd: source };
  const found = await runner
    .run(['rev-parse', '--path-format=absolute', '--git-common-dir'], options)
    .catch(() => undefined);
  if (found === undefined || found.code !== 0) {
    const said = found?.stderr.trim().split('\n')[0];
    throw fail('repo.missing', source, {
      found: said || 'no such folder',
      next: 'git init there, then try again',
    });
  }
  return found.stdout.toString('utf8').replace(/\n$/, '');
}

/** A shallow or partial repository lacks objects that Andon would have to serve and to judge against. */
async function refusePartial(runner: GitRunner, gitDir: string): Promise<void> {
  const shallow = await stat(join(gitDir, 'shallow')).then(
    (file) => file.size > 0,
    () => false,
  );
  if (shallow) throw fail('repo.shallow', gitDir, { found: 'a shallow clone' });
  const config = await runner.run(
    [
      'config',
      '--file',
      join(gitDir, 'config'),
      '--get-regexp',
      '^(remote\\..*\\.promisor|extensions\\.partialclone)$',
    ],
    {},
  );
  if (config.code === 0) {
    throw fail('repo.shallow', gitDir, {
      found: 'a partial clone',
      next: 'clone it again without --filter, then try again',
    });
  }
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

/** A source that borrows objects would make us borrow them too; then, and only then, they are copied. */
async function settleAlternates(runner: GitRunner, gitDir: string): Promise<void> {
  const file = join(gitDir, 'objects', 'info', 'alternates');
  if ((await readFile(file).catch(() => undefined)) === undefined) return;
  await runner.must(['repack', '-a', '-d', '--quiet'], { gitDir, timeoutMs: cloneMs });
  await rm(file);
}

/**
 * Puts the packs of many pushes together, so that reading stays fast; safe beside pushes and reads, since only what
 * a pack holds twice goes away. Unreachable objects stay for `pruneDays`.
 */
export async function maintain(runner: GitRunner, gitDir: string, pruneDays = 14): Promise<void> {
  const timeoutMs = cloneMs;
  await runner.must(['repack', '--geometric=2', '-d', '--quiet'], { gitDir, timeoutMs });
  await runner.must(['prune', `--expire=${pruneDays}.days.ago`], { gitDir, timeoutMs });
}
