import { fail } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import type { Oid } from '../policies/facts.ts';
import { type MergedTree, mergeTrees } from './merge.ts';
import { isOid } from './objects/oid.ts';
import type { ObjectReader } from './objects/reader.ts';
import { at, type GitPlace } from './place.ts';

/** A commit that is not accepted yet. */
export interface NewCommit {
  readonly oid: Oid;
  readonly parents: readonly Oid[];
  /** The maximal accepted ancestors, in order of their ids. */
  readonly accepted: readonly Oid[];
}

/**
 * The commits reachable from `tip` and from no accepted head, parents first, each with the accepted ancestors
 * that it stands on; undefined when there are more than `pushCommitsMax`. git may overlook that a commit is
 * accepted when commit dates are badly wrong: then the commit is judged once more, which is stricter, never
 * laxer.
 */
export async function newCommits(
  place: GitPlace,
  tip: Oid,
  heads: readonly Oid[],
): Promise<NewCommit[] | undefined> {
  const max = limits.pushCommitsMax;
  const stdin = [tip, ...heads.map((head) => `^${head}`), ''].join('\n');
  const args = ['rev-list', '--topo-order', '--parents', `--max-count=${max + 1}`, '--stdin'];
  const output = await place.runner.must(args, { ...at(place), stdin });
  const rows = output
    .toString('latin1')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .reverse();
  if (rows.length > max) return undefined;
  const standing = new Map<Oid, readonly Oid[]>();
  const independent = createIndependent(place);
  const commits: NewCommit[] = [];
  for (const line of rows) {
    const [oid = '', ...parents] = line.split(' ');
    // A parent outside the new commits is an accepted one.
    const union = new Set(parents.flatMap((parent) => standing.get(parent) ?? [parent]));
    const accepted = await independent([...union].sort());
    standing.set(oid, accepted);
    commits.push({ oid, parents, accepted });
  }
  return commits;
}

const acceptedMax = 64;

/** Drops from a set of commits the ancestors of others; asks git once per set. */
function createIndependent(place: GitPlace) {
  const known = new Map<string, readonly Oid[]>();
  return async (oids: readonly Oid[]): Promise<readonly Oid[]> => {
    if (oids.length < 2) return oids;
    if (oids.length > acceptedMax) {
      throw fail('push.size', 'merged heads', { found: oids.length, limit: acceptedMax });
    }
    const key = oids.join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const output = await place.runner.must(['merge-base', '--independent', ...oids], at(place));
    const maximal = output.toString('latin1').trim().split('\n').filter(isOid).sort();
    known.set(key, maximal);
    return maximal;
  };
}

/** Finds base trees and remembers them: the merge of a set of commits never changes. */
export function createBaseTrees(place: GitPlace, reader: ObjectReader) {
  const known = new Map<string, Promise<MergedTree | undefined>>();
  const find = async (accepted: readonly Oid[]): Promise<MergedTree | undefined> => {
    const [first, ...others] = accepted;
    if (first === undefined) return undefined;
    if (others.length === 0) return { tree: (await reader.commit(first)).tree, conflicts: [] };
    return mergeTrees(place, first, others);
  };
  return (accepted: readonly Oid[]): Promise<MergedTree | undefined> => {
    const key = accepted.join();
    const base = known.get(key) ?? find(accepted);
    known.set(key, base);
    return base;
  };
}
