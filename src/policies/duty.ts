import { type Reason, reason } from '../lib/decision.ts';
import type { Tier } from '../tiers/actions.ts';

/** One grant in a lineage. */
export interface Ancestor {
  readonly sub: string;
  readonly grantId: string;
  readonly tier: Tier;
}

/** A principal with its grant and the grants above, parent first, and the others who can act under that grant. */
export interface Principal extends Ancestor {
  readonly ancestors: readonly Ancestor[];
  /**
   * Grants whose holders have seen a token of this one: the grant that minted it, and in turn the holders of
   * that grant. The spawner of a run that a runner started is not among them.
   */
  readonly holders: readonly Ancestor[];
}

/** The judge, and the makers of the work. */
export interface DutyFacts {
  readonly judge: Principal & {
    /**
     * True when the plan, applied by a person, fixes the profile that the judge runs with: its spawner chose
     * nothing.
     */
    readonly profileFixed: boolean;
  };
  /** Every principal that authored, claimed or submitted the change. */
  readonly makers: readonly Principal[];
  /** Agents that own the triggers which started the makers. */
  readonly triggerOwners: readonly string[];
  /**
   * True when a person declared the work their own and approves it all the same; the caller records the
   * declaration.
   */
  readonly ownWork: boolean;
}

/**
 * Separation of duty, for verdicts and manual gates (`duty.separated`): no principal judges a change in which
 * it, or a grant above or below its own, had a part. A principal that has seen a token counts as its holder,
 * since it can do anything under that token. People at the root of a lineage have no part in it, since every
 * grant descends from them; on their own work people judge when they declare it.
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
  // A tie already named is not named a second time.
  if (ties.length === 0 && meet(acting(judge), [...acting(maker), ...belowRoot(maker.ancestors)]))
    ties.push('its token was seen by a maker');
  return ties;
}

/**
 * True for two grants of one spawner, unless the plan fixes the judge and the spawner has never seen a token
 * of it.
 */
function isSpawnedBeside(judge: DutyFacts['judge'], maker: Principal): boolean {
  const shared = belowRoot(judge.ancestors).filter((one) => meet([one], belowRoot(maker.ancestors)));
  return shared.length > 0 && !(judge.profileFixed && !meet(shared, judge.holders));
}

/** Every grant whose holder can act under the given one. */
const acting = (one: Principal): Ancestor[] => [one, ...belowRoot(one.holders)];

const isSame = (one: Ancestor, other: Ancestor): boolean =>
  one.sub === other.sub || one.grantId === other.grantId;

const meet = (some: readonly Ancestor[], others: readonly Ancestor[]): boolean =>
  some.some((one) => others.some((other) => isSame(one, other)));

const belowRoot = (grants: readonly Ancestor[]): Ancestor[] => grants.filter(({ tier }) => tier !== 'human');
