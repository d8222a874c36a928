import { isAbsolute } from 'node:path';
import { readNote, writeNote } from '../../git/note.ts';
import type { Repository } from '../../git/repository.ts';
import type { GitRunner } from '../../git/runner.ts';
import { trusting } from '../../git/trust.ts';
import { fetchUpstream, mirrorUpstream, type Upstream } from '../../git/upstream.ts';
import { defined } from '../../lib/defined.ts';

/**
 * Talks with the remotes that projects follow. Every method uses the network: never call one inside a
 * transaction.
 */
export class Upstreams {
  readonly #runner: GitRunner;
  readonly #repositoryOf: (project: string) => Promise<Repository>;
  readonly #env: Readonly<Record<string, string>> | undefined;
  /** The last fetch of each project; the next one waits for it. */
  readonly #fetches = new Map<string, Promise<unknown>>();

  constructor(
    runner: GitRunner,
    repositoryOf: (project: string) => Promise<Repository>,
    env: Readonly<Record<string, string>> | undefined,
  ) {
    this.#runner = runner;
    this.#repositoryOf = repositoryOf;
    this.#env = env;
  }

  /** Fetches the remote's main and answers its tip, one fetch of a project after the other. Errors: `git.failed`. */
  async fetch(project: string, url: string): Promise<string> {
    const before = this.#fetches.get(project) ?? Promise.resolve();
    const fetched = before.then(() => this.#reach(project, url, fetchUpstream));
    this.#fetches.set(
      project,
      fetched.catch(() => {}),
    );
    return fetched;
  }

  /**
   * Fetches the remote's main, and pushes `main` on it. A commit that somebody else has pushed there is so seen before
   * the push, with its objects. Errors: `sync.diverged`, `git.failed`.
   */
  async mirror(project: string, url: string, main: string): Promise<void> {
    const isThere = (await this.#reach(project, url, (upstream) => this.#tip(upstream))) !== undefined;
    const theirs = isThere ? await this.fetch(project, url) : undefined;
    await this.#reach(project, url, (upstream) => mirrorUpstream(upstream, main, theirs));
  }

  /** The last text noted on the remote; undefined when there is none. Errors: `git.failed`. */
  readNote(project: string, url: string): Promise<string | undefined> {
    return this.#reach(project, url, readNote);
  }

  /** Notes a text on the remote. Errors: `git.failed`. */
  writeNote(project: string, url: string, text: string): Promise<void> {
    return this.#reach(project, url, (upstream) => writeNote(upstream, text, Math.floor(Date.now() / 1000)));
  }

  /** The present tip of the remote's main. */
  async #tip({ url, repository, remoteRef, env }: Upstream): Promise<string | undefined> {
    const args = ['ls-remote', '--', url, remoteRef];
    const stdout = await this.#runner.must(args, {
      gitDir: repository.gitDir,
      ...defined({ env }),
    });
    return stdout.toString('latin1').split('\t')[0]?.trim() || undefined;
  }

  /**
   * Talks with the remote of a project; a remote that is a path is a repository on this machine, and may
   * belong to another user.
   */
  async #reach<T>(project: string, url: string, talk: (upstream: Upstream) => Promise<T>): Promise<T> {
    const repository = await this.#repositoryOf(project);
    const env = this.#env ?? {};
    const to = { runner: this.#runner, repository, url, remoteRef: repository.mainRef };
    if (!isAbsolute(url) && !url.startsWith('file:')) return talk({ ...to, env });
    return trusting(this.#runner, env, (trust) => talk({ ...to, env: { ...env, ...trust.env } }));
  }
}
