import { type Reason, reason } from '../lib/decision.ts';
import type { Tier } from '../tiers/actions.ts';

/** One grant in a lineage. */
export interface Ancestor {
  readonly sub: string;
  readonly gid: string;
  readonly tier: Tier;
}

/** A principal with the grant it acted under and the grants above it, parent first. */
export interface Party extends Ancestor {
  readonly ancestors: readonly Ancestor[];
}

/** Who judges, and whose work it is. */
export interface DutyFacts {
  readonly judge: Party & {
    /** True when the plan, applied by a person, fixes the profile the judge runs with: its spawner chose nothing. */
    readonly profileFixed: boolean;
  };
  /** Everybody who authored, claimed or submitted the change. */
  readonly makers: readonly Party[];
  /** Principals that own the triggers which started the makers or the judge. */
  readonly triggerOwners: readonly string[];
  /** A person said that the work is their own and approves it all the same; recorded by the caller. */
  readonly ownWork: boolean;
}

/**
 * Separation of duty, for verdicts and manual gates (`duty.separated`): nobody judges a change that they, or a grant
 * above or below theirs, had a part in. People at the root of a lineage are no part of it, since everything descends
 * from them; on work of their own they judge when they say so.
 */
export function dutyPolicy(facts: DutyFacts): Reason[] {
  const { judge } = facts;
  if (judge.tier === 'human' && facts.ownWork) return [];
  const ties = facts.makers.flatMap((maker) => tiesBetween(judge, maker));
  if (facts.triggerOwners.includes(judge.sub)) ties.push('owner of the trigger');
  return [...new Set(ties)].map((found) => reason('duty.separated', judge.sub, { found }));
}

function tiesBetween(judge: DutyFacts['judge'], maker: Party): string[] {
  const ties: string[] = [];
  if (isSame(judge, maker)) ties.push('maker of the change');
  if (belowRoot(maker).some((one) => isSame(one, judge))) ties.push('spawner of the maker');
  if (belowRoot(judge).some((one) => isSame(one, maker))) ties.push('spawned by the maker');
  if (!judge.profileFixed && shareSpawner(judge, maker)) ties.push('spawned by the spawner of the maker');
  return ties;
}

const isSame = (one: Ancestor, other: Ancestor): boolean => one.sub === other.sub || one.gid === other.gid;

const belowRoot = (party: Party): Ancestor[] => party.ancestors.filter(({ tier }) => tier !== 'human');

const shareSpawner = (judge: Party, maker: Party): boolean =>
  belowRoot(judge).some((one) => belowRoot(maker).some((other) => isSame(one, other)));
