import { fail } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import type { CommitFacts, Excess, Oid, PathChange, PushFacts } from '../policies/facts.ts';
import type { FactsCache } from './facts-cache.ts';
import { createBaseTrees, type NewCommit, newCommits } from './new-commits.ts';
import { gatewayTrailer, opaqueEncoding } from './objects/commit.ts';
import { diffTrees, type TreeDiff } from './objects/diff.ts';
import type { ObjectReader } from './objects/reader.ts';
import type { GitPlace } from './place.ts';

/** A push to compute the facts of. */
export interface PushFactsOptions extends GitPlace {
  /** Reads objects at the same place: within the quarantine of a push, with its environment. */
  readonly reader: ObjectReader;
  readonly tip: Oid;
  /** Main, and the tips of approved changes that land first. Empty while the project has no commit. */
  readonly accepted: readonly Oid[];
  readonly cache?: FactsCache;
}

/**
 * The facts of every commit that `tip` brings beyond the accepted heads, parents first. Immutable for given accepted
 * ancestors, hence cacheable. A push over a limit has `excess` and no further commits: it must be refused.
 */
export async function pushFacts(options: PushFactsOptions): Promise<PushFacts> {
  const { tip, accepted, reader, cache } = options;
  const acceptedAny = accepted.length > 0;
  const fresh = await newCommits(options, tip, accepted);
  if (fresh === undefined) {
    return { tip, commits: [], acceptedAny, excess: { what: 'commits', limit: limits.pushCommitsMax } };
  }
  const baseTree = createBaseTrees(options, reader);
  const commits: CommitFacts[] = [];
  let pathsLeft = entriesMax;
  for (const commit of fresh) {
    const found =
      cache?.get(commit) ??
      (await commitFacts(commit, reader, baseTree, Math.min(pathsLeft, limits.pushPathsMax)));
    if ('limit' in found) return { tip, commits, acceptedAny, excess: found };
    cache?.set(commit, found);
    commits.push(found);
    pathsLeft -= found.changes.length;
  }
  return { tip, commits, acceptedAny };
}

// Every commit is compared with accepted work, so a path counts once for every commit since its change.
const entriesMax = 10 * limits.pushPathsMax;

async function commitFacts(
  { oid, parents, accepted }: NewCommit,
  reader: ObjectReader,
  baseTree: ReturnType<typeof createBaseTrees>,
  pathsMax: number,
): Promise<CommitFacts | Excess> {
  const [commit, base] = await Promise.all([reader.commit(oid), baseTree(accepted)]);
  const diff: TreeDiff = await diffTrees(reader, base?.tree, commit.tree, pathsMax);
  if (diff.excess !== undefined) return diff.excess;
  const trailer = gatewayTrailer(commit.message);
  const encoding = opaqueEncoding(commit.encoding);
  return {
    oid,
    parents,
    tree: commit.tree,
    accepted,
    ...(base && { baseTree: base.tree }),
    conflicts: base?.conflicts ?? [],
    changes: await measured(diff.changes, reader),
    oddities: diff.oddities,
    twins: diff.twins,
    ...(trailer !== undefined && { trailer }),
    ...(encoding !== undefined && { encoding }),
  };
}

/** The changes with the sizes of their new blobs. A gitlink names a commit elsewhere and has none. */
function measured(changes: readonly PathChange[], reader: ObjectReader): Promise<PathChange[]> {
  return Promise.all(
    changes.map(async (change) => {
      if (change.newOid === undefined || change.newMode === '160000') return change;
      const info = await reader.info(change.newOid);
      // An entry whose mode says file, and whose object is none, would pass as a file without anybody reading
      // it.
      if (info?.type !== 'blob')
        throw fail('push.object', change.path, { found: info?.type ?? 'missing', limit: 'blob' });
      return { ...change, bytes: info.bytes };
    }),
  );
}
