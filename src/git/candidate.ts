import { fail } from '../lib/errors.ts';
import type { Oid } from '../policies/facts.ts';
import { mergeTrees } from './merge.ts';
import { type GitPlace, identityEnvironment } from './place.ts';
import { candidateRef, moveUnfenced, readRef } from './refs.ts';

/** Name and address of an author or committer. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** The result of a mechanical merge: its tree, or the paths that conflict. */
export type CandidateTree =
  | { readonly ok: true; readonly tree: Oid }
  | { readonly ok: false; readonly conflicts: readonly string[] };

/** The parts of a candidate commit. */
export interface CandidateCommit {
  readonly parents: readonly Oid[];
  readonly tree: Oid;
  readonly message: string;
  readonly identity: Identity;
  /** `<seconds since 1970> <zone>`, such as `1790000000 +0000`: equal inputs make an equal commit. */
  readonly date: string;
}

/** Merges a commit with main mechanically: the tree that would land, or the paths that conflict. */
export async function buildCandidate(place: GitPlace, main: Oid, commit: Oid): Promise<CandidateTree> {
  const { tree, conflicts } = await mergeTrees(place, main, [commit]);
  return conflicts.length > 0 ? { ok: false, conflicts } : { ok: true, tree };
}

/** Writes the commit; moves no ref. */
export async function commitCandidate(place: GitPlace, candidate: CandidateCommit): Promise<Oid> {
  const { parents, tree, message, identity, date } = candidate;
  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-F', '-'];
  const env = { ...place.env, ...identityEnvironment({ ...identity, date }) };
  const output = await place.runner.must(args, { gitDir: place.gitDir, env, stdin: message });
  return output.toString('latin1').trim();
}

const keepTriesMax = 50;

/** Keeps a candidate from being pruned, and lets the gates of its change find it; replaces an earlier candidate. */
export async function keepCandidate(place: GitPlace, change: string, to: Oid): Promise<void> {
  const ref = candidateRef(change);
  // Another process may move the ref in between; a ref that cannot be read at all never moves.
  for (let tries = 0; tries < keepTriesMax; tries++) {
    const from = await readRef(place, ref);
    if (from === to) return;
    if ((await moveUnfenced(place, { ref, to, ...(from !== undefined && { from }) })) === 'moved') return;
  }
  throw fail('git.busy', ref, { found: `it did not move in ${keepTriesMax} tries` });
}

/** Drops the candidate of a change that has landed or was refused for good. */
export async function dropCandidate(place: GitPlace, change: string): Promise<void> {
  const ref = candidateRef(change);
  const from = await readRef(place, ref);
  if (from !== undefined) await moveUnfenced(place, { ref, from });
}
