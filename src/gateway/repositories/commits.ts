import type { LandingParts } from '../../changes/git-port.ts';
import { commitCandidate, type Identity } from '../../git/candidate.ts';
import { moveUnfenced } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import type { GitRunner } from '../../git/runner.ts';

/** Author of the commits that Andon itself makes: candidates, landings, and the first one of an empty project. */
const gateway: Identity = { name: 'Andon', email: 'andon@localhost' };
/** A fixed date, so that the same merge on the same main is the same commit. */
const noDate = '@0 +0000';

interface RepositoryPlace {
  readonly runner: GitRunner;
  readonly gitDir: string;
}

/** The merge of a commit with main, under a tree that was built before. */
export const candidateOf = (
  place: RepositoryPlace,
  base: string,
  commit: string,
  tree: string,
): Promise<string> =>
  commitCandidate(place, {
    parents: [base, commit],
    tree,
    message: 'Candidate\n',
    identity: gateway,
    date: noDate,
  });

/** The commit that lands a change; its date is that of the change's last state. */
export const landingOf = (
  place: RepositoryPlace,
  { main, commit, tree, message, at }: LandingParts,
): Promise<string> =>
  commitCandidate(place, {
    parents: [main, commit],
    tree,
    message,
    identity: gateway,
    date: `@${Math.floor(at.getTime() / 1000)} +0000`,
  });

/** Gives an empty project its first, empty commit, so that there is a main to branch from. */
export async function begin(place: RepositoryPlace, { mainRef }: Repository): Promise<void> {
  const tree = (await place.runner.must(['mktree'], { ...place, stdin: '' })).toString('latin1').trim();
  const first = await commitCandidate(place, {
    parents: [],
    tree,
    message: 'Begin\n',
    identity: gateway,
    date: noDate,
  });
  await moveUnfenced(place, { ref: mainRef, to: first });
}
