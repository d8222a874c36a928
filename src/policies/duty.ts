import { type Reason, reason } from '../lib/decision.ts';
import type { Tier } from '../tiers/actions.ts';

/** One grant in a lineage. */
export interface Ancestor {
  readonly sub: string;
  readonly grantId: string;
  readonly tier: Tier;
}

/** A principal with the grant it acted under, the grants above it, parent first, and who else can act under it. */
export interface Principal extends Ancestor {
  readonly ancestors: readonly Ancestor[];
  /**
   * Grants whose holders have seen a token of this one: whoever minted it, and whoever has seen a token of that one. The
   * spawner of a run that a runner started is not among them.
   */
  readonly holders: readonly Ancestor[];
}

/** Who judges, and whose work it is. */
export interface DutyFacts {
  readonly judge: Principal & {
    /** True when the plan, applied by a person, fixes the profile the judge runs with: its spawner chose nothing. */
    readonly profileFixed: boolean;
  };
  /** Everybody who authored, claimed or submitted the change. */
  readonly makers: readonly Principal[];
  /** Agents that own the triggers which started the makers. */
  readonly triggerOwners: readonly string[];
  /** A person said that the work is their own and approves it all the same; recorded by the caller. */
  readonly ownWork: boolean;
}

/**
 * Separation of duty, for verdicts and manual gates (`duty.separated`): nobody judges a change that they, or a grant
 * above or below theirs, had a part in. Whoever has seen a token counts as its holder: they can do under it what they
 * like. People at the root of a lineage are no part of it, since everything descends from them; on work of their own
 * they judge when they say so.
 */
export function dutyPolicy(facts: DutyFacts): Reason[] {
  const { judge, triggerOwners } = facts;
  if (judge.tier === 'human' && facts.ownWork) return [];
  const ties = facts.makers.flatMap((maker) => tiesBetween(judge, maker));
  if (acting(judge).some(({ sub }) => triggerOwners.includes(sub))) ties.push('owner of the trigger');
  return [...new Set(ties)].map((found) => reason('duty.separated', judge.sub, { found }));
}

function tiesBetween(judge: DutyFacts['judge'], maker: Principal): string[] {
  const ties: string[] = [];
  if (isSame(judge, maker)) ties.push('maker of the change');
  if (meet([judge], belowRoot(maker.ancestors))) ties.push('spawner of the maker');
  if (meet(belowRoot(judge.ancestors), [maker])) ties.push('spawned by the maker');
  if (isSpawnedBeside(judge, maker)) ties.push('spawned by the spawner of the maker');
  // A tie that is named above already is this one as well.
  if (ties.length === 0 && meet(acting(judge), [...acting(maker), ...belowRoot(maker.ancestors)]))
    ties.push('its token was seen by a maker');
  return ties;
}

/** True for two grants of one spawner, unless the plan fixes the judge and the spawner has never seen a token of it. */
function isSpawnedBeside(judge: DutyFacts['judge'], maker: Principal): boolean {
  const shared = belowRoot(judge.ancestors).filter((one) => meet([one], belowRoot(maker.ancestors)));
  return shared.length > 0 && !(judge.profileFixed && !meet(shared, judge.holders));
}

/** Everybody who can act under the grant. */
const acting = (one: Principal): Ancestor[] => [one, ...belowRoot(one.holders)];

const isSame = (one: Ancestor, other: Ancestor): boolean =>
  one.sub === other.sub || one.grantId === other.grantId;

const meet = (some: readonly Ancestor[], others: readonly Ancestor[]): boolean =>
  some.some((one) => others.some((other) => isSame(one, other)));

const belowRoot = (grants: readonly Ancestor[]): Ancestor[] => grants.filter(({ tier }) => tier !== 'human');
