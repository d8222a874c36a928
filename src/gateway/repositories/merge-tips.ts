import type { MergedTips, MergePort, Tips } from '../../changes/merges.ts';
import { mergeTrees } from '../../git/merge.ts';
import type { GitPlace } from '../../git/place.ts';
import { listRefs, moveUnfenced } from '../../git/refs.ts';
import { type IncomingCommits, incomingCommits } from '../../git/upstream.ts';
import { shortId } from '../../lib/ids.ts';
import { candidateOf } from './commits.ts';

const mailboxes = 'refs/heads/sync/';

/** The change that a ref takes a merge for, in its whole or its short form; undefined for any other ref. */
export const mergeNamedBy = (ref: string): string | undefined =>
  ref.startsWith(mailboxes) ? ref.slice(mailboxes.length) : undefined;

/** A merge that a person has pushed, and its ref. */
export interface PushedMerge {
  readonly ref: string;
  readonly commit: string;
}

/** Merges of main with the upstream, in the repositories of the projects. */
export class TipMerges implements MergePort {
  readonly #placeOf: (project: string) => GitPlace;

  constructor(placeOf: (project: string) => GitPlace) {
    this.#placeOf = placeOf;
  }

  /** Merges the tips of main and of the upstream, on top of the merge that a person has pushed, if one has. */
  async mergeTips(project: string, tips: Tips): Promise<MergedTips> {
    const place = this.#placeOf(project);
    const { ours, theirs, resolution } = tips;
    const { tree, conflicts } = await (resolution === null
      ? mergeTrees(place, ours, [theirs])
      : mergeTrees(place, resolution, [ours, theirs]));
    return { ...tips, tree, conflicts, candidate: await candidateOf(place, ours, theirs, tree) };
  }

  /** The commits that the upstream has and main has not. */
  incoming(project: string, main: string, tip: string): Promise<IncomingCommits> {
    return incomingCommits(this.#placeOf(project), main, tip);
  }

  /** The merge that was pushed for a change and not taken yet. */
  async pushed(project: string, change: string): Promise<PushedMerge | undefined> {
    const refs = await listRefs(this.#placeOf(project), mailboxes);
    for (const name of [change, shortId(change)]) {
      const commit = refs.get(`${mailboxes}${name}`);
      if (commit !== undefined) return { ref: `${mailboxes}${name}`, commit };
    }
    return undefined;
  }

  /** Takes a pushed merge out of its ref, so that the next one is pushed without force. */
  async emptyRef(project: string, { ref, commit }: PushedMerge): Promise<void> {
    await moveUnfenced(this.#placeOf(project), { ref, from: commit });
  }
}
