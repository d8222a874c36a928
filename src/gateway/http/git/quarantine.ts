import { pushFacts } from '../../../git/facts.ts';
import type { FactsCache } from '../../../git/facts-cache.ts';
import { isZeroOid } from '../../../git/objects/oid.ts';
import { createObjectReader, type ObjectReader } from '../../../git/objects/reader.ts';
import type { TreeCache } from '../../../git/objects/tree-cache.ts';
import type { GitPlace } from '../../../git/place.ts';
import { isAncestor } from '../../../git/refs.ts';
import type { GitRunner } from '../../../git/runner.ts';
import type { Oid, PushFacts } from '../../../policies/facts.ts';
import type { RefUpdate } from '../../../policies/refs.ts';
import type { SeenMerge } from '../../pushes/judge-merge.ts';
import type { Update } from './conversation.ts';
import type { Push } from './handler.ts';

/** Facts of git about a push, for the policies. */
export interface PushView {
  readonly updates: readonly RefUpdate[];
  /** One row for every branch that a commit is pushed to. */
  readonly tips: readonly PushFacts[];
  /** Reads objects of the push; usable until the callback settles. */
  readonly reader: ObjectReader;
  /** The repository and the quarantine, for questions to git itself; good as long as the reader. */
  readonly place: GitPlace;
}

/** The runner, and the accepted commits to judge against. */
export interface ViewOptions {
  readonly runner: GitRunner;
  /** Main, and the tips of approved changes that land first; empty while the project has no commit. */
  readonly accepted: readonly Oid[];
  readonly facts?: FactsCache;
  readonly trees?: TreeCache;
}

/** Opens the quarantine of a push for `use`, and closes it again however `use` ends. */
export async function viewPush<T>(
  push: Pick<Push<unknown>, 'repository' | 'quarantine' | 'updates'>,
  options: ViewOptions,
  use: (view: PushView) => Promise<T>,
): Promise<T> {
  const { runner, accepted, facts: cache, trees } = options;
  const place: GitPlace = { runner, gitDir: push.repository.gitDir, env: push.quarantine };
  const reader = createObjectReader({ ...place, ...(trees && { trees }) });
  try {
    const updates: RefUpdate[] = [];
    const tips: PushFacts[] = [];
    for (const update of push.updates) {
      const seen = await lookAt(place, reader, update);
      updates.push(seen);
      if (seen.type !== 'commit') continue;
      tips.push(await pushFacts({ ...place, reader, tip: update.newOid, accepted, ...(cache && { cache }) }));
    }
    return await use({ updates, tips, reader, place });
  } finally {
    await reader.close();
  }
}

/** Reads the parents of a pushed merge, and nothing of what they bring. */
export async function viewMerge(
  { repository, quarantine, updates: asked }: Pick<Push<unknown>, 'repository' | 'quarantine' | 'updates'>,
  runner: GitRunner,
): Promise<SeenMerge> {
  const place: GitPlace = { runner, gitDir: repository.gitDir, env: quarantine };
  const reader = createObjectReader(place);
  try {
    const updates: RefUpdate[] = [];
    for (const update of asked) updates.push(await lookAt(place, reader, update));
    const isCommit = updates[0]?.type === 'commit';
    const commit = asked[0]?.newOid ?? '';
    const tip = isCommit ? { commit, parents: (await reader.commit(commit)).parents } : undefined;
    return { updates, tip };
  } finally {
    await reader.close();
  }
}

async function lookAt(
  place: GitPlace,
  reader: ObjectReader,
  { ref, oldOid, newOid }: Update,
): Promise<RefUpdate> {
  if (isZeroOid(newOid)) return { ref, kind: 'delete', forward: false };
  const type = (await reader.info(newOid))?.type ?? 'missing object';
  if (isZeroOid(oldOid)) return { ref, kind: 'create', forward: true, type };
  const forward = type === 'commit' && (await isAncestor(place, oldOid, newOid));
  return { ref, kind: 'move', forward, type };
}
