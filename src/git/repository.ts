import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../lib/errors.ts';
import type { Oid } from '../policies/facts.ts';
import { adopt, cloneMs } from './adopt.ts';
import { readRef } from './refs.ts';
import type { GitRunner } from './runner.ts';

/** A bare repository, and the branch that lands. */
export interface Repository {
  readonly gitDir: string;
  /** The branch that only the gateway moves: `refs/heads/main`, or its name in an adopted repository. */
  readonly mainRef: string;
}

/** The place of a new repository, and the repository to adopt, if any. */
export interface CreateRepository {
  readonly runner: GitRunner;
  /** The new folder, which must not exist yet. Appears whole or not at all. */
  readonly gitDir: string;
  /** A user's repository to adopt: its folder or its .git. Only read. */
  readonly source?: string;
  /** Leads git to the operator's configuration, which says whose repositories may be read: HOME, XDG_CONFIG_HOME. */
  readonly operator?: Readonly<Record<string, string>>;
  /** Branch to adopt; when absent, the branch that is checked out in the source, or `main` without a source. */
  readonly branch?: string;
}

/**
 * Makes the bare repository of a project. From a source on the same file system, packs and objects are hard
 * links: history of any size is there at once and not twice on the disk; objects of another user are copied.
 * Only the one branch and the tags come along. Rejects with `repo.shallow` for a source without its whole
 * history, `repo.broken` for one with a missing or unreadable object, `repo.missing` for a missing one, `repo.owner` for one of a user whom the operator's git does not
 * trust.
 */
export async function createRepository(options: CreateRepository): Promise<Repository> {
  const { runner, gitDir, source } = options;
  const aside = join(dirname(gitDir), `.new-${randomUUID()}`);
  await mkdir(dirname(gitDir), { recursive: true, mode: 0o700 });
  try {
    const branch =
      source === undefined
        ? await initEmpty(runner, aside, options.branch)
        : await adoptOrInit(options, source, aside);
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

/** The commit at the tip of main; undefined while the project has none. */
export const mainOid = (runner: GitRunner, { gitDir, mainRef }: Repository): Promise<Oid | undefined> =>
  readRef({ runner, gitDir }, mainRef);

async function initEmpty(runner: GitRunner, gitDir: string, branch = 'main'): Promise<string> {
  await runner.must(['init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, gitDir], {});
  return branch;
}

async function adoptOrInit(options: CreateRepository, source: string, gitDir: string): Promise<string> {
  const { branch, isEmpty } = await adopt({ ...options, source, gitDir });
  return isEmpty ? initEmpty(options.runner, gitDir, branch) : branch;
}

/**
 * Joins the packs of many pushes, so that reading stays fast; safe beside pushes and reads, since only
 * objects that the new pack holds go away. Unreachable objects stay for `pruneDays`.
 */
export async function maintain(runner: GitRunner, gitDir: string, pruneDays = 14): Promise<void> {
  const timeoutMs = cloneMs;
  await runner.must(['repack', '--geometric=2', '-d', '--quiet'], { gitDir, timeoutMs });
  await runner.must(['prune', `--expire=${pruneDays}.days.ago`], { gitDir, timeoutMs });
}
