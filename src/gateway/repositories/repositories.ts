import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { and, eq, inArray } from 'drizzle-orm';
import type { Analyser } from '../../analysis/analyser.ts';
import type { GitPort, LandingMove, LandingParts, MergeCandidate } from '../../changes/git-port.ts';
import { buildCandidate, dropCandidate, keepCandidate } from '../../git/candidate.ts';
import { changeSize } from '../../git/change-size.ts';
import { checkoutTree } from '../../git/checkout.ts';
import { createFactsCache, type FactsCache } from '../../git/facts-cache.ts';
import { type FileReader, fileReader } from '../../git/files-at.ts';
import { leftOutOf } from '../../git/left-out.ts';
import { type ListedFile, listChanges, listFiles } from '../../git/list-files.ts';
import { createObjectReader, type ObjectReader } from '../../git/objects/reader.ts';
import { createTreeCache, type TreeCache } from '../../git/objects/tree-cache.ts';
import { isAncestor, listRefs, moveRef, raiseFence, readFence } from '../../git/refs.ts';
import {
  createRepository,
  mainOid,
  maintain,
  openRepository,
  type Repository,
} from '../../git/repository.ts';
import type { GitRunner } from '../../git/runner.ts';
import { compareUpstream, type UpstreamComparison } from '../../git/upstream.ts';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import type { Store } from '../../store/store.ts';
import { changes, taskNeeds } from '../../tasks/schema.ts';
import type { Capability } from '../../tiers/capability.ts';
import { begin, candidateOf, landingOf } from './commits.ts';
import { TipMerges } from './merge-tips.ts';
import type { Offer, OfferInput, Patch } from './offer.ts';
import { changesOf, type PatchEnds, type PatchWish, readPatch } from './patch.ts';
import { Upstreams } from './upstreams.ts';

/** Open handles of one project's repository. */
export interface OpenProject {
  readonly repository: Repository;
  readonly trees: TreeCache;
  readonly facts: FactsCache;
  readonly reader: ObjectReader;
}

/** Services and folder of the repositories. */
export interface RepositoriesOptions {
  readonly store: Store;
  readonly runner: GitRunner;
  readonly analyser: Analyser;
  /** Folder that holds `<project>.git` of every project. */
  readonly folder: string;
  /** Variables that the operator grants for connections to upstream remotes: HOME, SSH_AUTH_SOCK, … */
  readonly upstreamEnv?: Readonly<Record<string, string>>;
}

/** The bare repositories of all projects, each opened at its first use. */
export class Repositories implements GitPort {
  readonly #options: RepositoriesOptions;
  readonly #open = new Map<string, Promise<OpenProject>>();
  readonly #upstreams: Upstreams;
  /** Merges of main with the upstream. */
  readonly merges = new TipMerges((project) => this.#place(project));

  constructor(options: RepositoriesOptions) {
    this.#options = options;
    const { runner, upstreamEnv } = options;
    this.#upstreams = new Upstreams(
      runner,
      async (project) => (await this.open(project)).repository,
      upstreamEnv,
    );
  }

  get runner(): GitRunner {
    return this.#options.runner;
  }

  /** Folder of a project's bare repository. */
  folderOf(project: string): string {
    return join(this.#options.folder, `${project}.git`);
  }

  open(project: string): Promise<OpenProject> {
    const known = this.#open.get(project);
    if (known !== undefined) return known;
    const opened = this.#openNow(project);
    this.#open.set(project, opened);
    opened.catch(() => this.#open.delete(project));
    return opened;
  }

  async #openNow(project: string): Promise<OpenProject> {
    const { runner } = this.#options;
    const gitDir = this.folderOf(project);
    const repository = await openRepository(runner, gitDir);
    const trees = createTreeCache();
    return {
      repository,
      trees,
      facts: createFactsCache(),
      reader: createObjectReader({ runner, gitDir, trees }),
    };
  }

  #place(project: string) {
    return { runner: this.#options.runner, gitDir: this.folderOf(project) };
  }

  async main(project: string): Promise<string> {
    const { repository } = await this.open(project);
    const oid = await mainOid(this.#options.runner, repository);
    if (oid === undefined) throw fail('repo.missing', project, { found: 'no commit on main' });
    return oid;
  }

  /** Main, and the approved work of tasks that this one needs and that lands before it. */
  async accepted(project: string, task: string): Promise<string[]> {
    const { store } = this.#options;
    const main = await this.main(project);
    const rows = await store.orm
      .select({ commit: changes.commitId })
      .from(changes)
      .innerJoin(taskNeeds, and(eq(taskNeeds.project, changes.project), eq(taskNeeds.needs, changes.task)))
      .where(
        and(
          eq(changes.project, project),
          eq(taskNeeds.task, task),
          inArray(changes.state, ['approved', 'landing']),
        ),
      );
    return [main, ...rows.map(({ commit }) => commit).filter((commit) => commit !== '')];
  }

  /** Merges an offered commit with the present main. */
  async offer(input: OfferInput): Promise<Offer> {
    const { project, task, epoch, commit } = input;
    if (commit === undefined) return { kind: 'artefact' };
    const place = this.#place(project);
    const prefix = `refs/heads/task/${task}/${epoch}/`;
    const base = await this.main(project);
    const tips = await listRefs(place, prefix);
    if (![...tips.values()].includes(commit)) return { kind: 'unpushed', commit, prefix };
    if (await isAncestor(place, commit, base)) return { kind: 'empty', commit };
    const built = await buildCandidate(place, base, commit);
    if (!built.ok) return { kind: 'conflict', commit, paths: built.conflicts };
    const candidate = await candidateOf(this.#place(project), base, commit, built.tree);
    const size = await changeSize(place, base, commit);
    return { kind: 'candidate', commit, base, candidate, tree: built.tree, size };
  }

  listFiles(project: string, commit: string): Promise<ListedFile[]> {
    return listFiles(this.#place(project), commit);
  }

  listChanges(project: string, from: string, to: string): Promise<ListedFile[]> {
    return listChanges(this.#place(project), from, to);
  }

  readonly keepCandidate = (project: string, change: string, candidate: string): Promise<void> =>
    keepCandidate(this.#place(project), change, candidate);

  readonly dropCandidate = (project: string, change: string): Promise<void> =>
    dropCandidate(this.#place(project), change);

  /** The difference of a change, without the files that the capability may not read. */
  async patch(project: string, change: PatchEnds, cap: Capability, wish?: PatchWish): Promise<Patch> {
    const { reader } = await this.open(project);
    return readPatch({ ...this.#place(project), reader }, change, cap, wish);
  }

  async treeOf(project: string, commit: string): Promise<string> {
    return (await (await this.open(project)).reader.commit(commit)).tree;
  }

  /** The paths that a candidate changes against its base; undefined when they are too many to read. */
  async changedPaths(project: string, candidate: MergeCandidate): Promise<readonly string[] | undefined> {
    const { reader } = await this.open(project);
    return (await changesOf(reader, candidate))?.map(({ path }) => path);
  }

  async rebuild(
    project: string,
    commit: string,
    base: string,
  ): Promise<MergeCandidate | { conflicts: readonly string[] }> {
    const built = await buildCandidate(this.#place(project), base, commit);
    if (!built.ok) return { conflicts: built.conflicts };
    const { tree } = built;
    return { base, tree, candidate: await candidateOf(this.#place(project), base, commit, tree) };
  }

  async samePatch(project: string, before: MergeCandidate, after: MergeCandidate): Promise<boolean> {
    const { reader } = await this.open(project);
    const [one, other] = await Promise.all([changesOf(reader, before), changesOf(reader, after)]);
    return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
  }

  readonly landingCommit = (project: string, parts: LandingParts): Promise<string> =>
    landingOf(this.#place(project), parts);

  async fence(project: string): Promise<string> {
    return (await readFence(this.#place(project))) ?? this.raiseFence(project);
  }

  raiseFence(project: string): Promise<string> {
    return raiseFence(this.#place(project), project);
  }

  async moveMain(project: string, { oldMain, newMain, fence }: LandingMove): Promise<boolean> {
    const { repository } = await this.open(project);
    return (
      (await moveRef(
        this.#place(project),
        { ref: repository.mainRef, from: oldMain, to: newMain },
        fence,
      )) === 'moved'
    );
  }

  async landed(project: string, commit: string): Promise<boolean> {
    return isAncestor(this.#place(project), commit, await this.main(project)).catch(() => false);
  }

  readonly checkout = (project: string, commit: string, folder: string): Promise<void> =>
    checkoutTree({ ...this.#place(project), commit, folder });

  /** Words of what Andon does not serve of a commit. */
  readonly leftOut = (project: string, commit: string): Promise<string[]> =>
    leftOutOf(this.runner, this.folderOf(project), commit);

  /** Single files of the project's commits. */
  readonly files = (project: string): FileReader => fileReader(this.#place(project));

  /** Makes the project's repository, from a source or empty; keeps an existing one. */
  async create(
    project: string,
    source: string | undefined,
    branch: string | undefined,
  ): Promise<{ gitDir: string; branch: string; main: string }> {
    const { runner, upstreamEnv } = this.#options;
    const gitDir = this.folderOf(project);
    const options = {
      runner,
      gitDir,
      ...defined({ operator: upstreamEnv, source, branch }),
    };
    // Another gateway that starts beside this one may have put its own there meanwhile, whole.
    if (!existsSync(gitDir))
      await createRepository(options).catch((error: unknown) => {
        if (!existsSync(gitDir)) throw error;
      });
    const { repository } = await this.open(project);
    if ((await mainOid(runner, repository)) === undefined) await begin(this.#place(project), repository);
    await this.fence(project);
    return {
      gitDir,
      branch: repository.mainRef.replace(/^refs\/heads\//, ''),
      main: await this.main(project),
    };
  }

  readNote(project: string, url: string): Promise<string | undefined> {
    return this.#upstreams.readNote(project, url);
  }

  writeNote(project: string, url: string, text: string): Promise<void> {
    return this.#upstreams.writeNote(project, url, text);
  }

  /** Pushes main to the upstream after a landing; the upstream must be where the last landing left it. */
  async mirrorAfterLanding(project: string, url: string): Promise<void> {
    await this.#upstreams.mirror(project, url, await this.main(project));
  }

  /** Fetches the upstream's main and answers its tip. Waits for the network: never call it in a transaction. */
  fetchUpstream(project: string, url: string): Promise<string> {
    return this.#upstreams.fetch(project, url);
  }

  /** Compares main with a fetched tip. */
  async compareUpstream(project: string, tip: string): Promise<UpstreamComparison> {
    const { repository } = await this.open(project);
    return compareUpstream({ runner: this.#options.runner, repository }, tip);
  }

  /** Joins the packs of many pushes, and drops objects that have been unreachable for two weeks. */
  async maintain(project: string): Promise<void> {
    const { repository } = await this.open(project);
    await maintain(this.#options.runner, repository.gitDir);
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    await Promise.allSettled(
      opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value.reader.close()] : [])),
    );
  }
}
