import { type Action, actions, type Tier } from './actions.ts';
import type { Budget } from './capability.ts';

/** Highest complexity and most lines of a function that a tier may add or alter. */
export interface Ceilings {
  readonly complexity: number;
  readonly lines: number;
}

/** A tier as data: the most that a grant of the tier may hold, and its usual values when a request is silent. */
export interface TierProfile {
  readonly tier: Tier;
  readonly purpose: string;
  readonly actions: readonly Action[];
  readonly delegable: readonly Action[];
  readonly mints: readonly Tier[];
  readonly ceilings: Ceilings;
  /** Generations of delegation at most. */
  readonly depth: number;
  readonly budget: Budget;
  readonly tokenSecondsMax: number;
  /** True when a grant of the tier may hold `*`, every project. */
  readonly everyProject: boolean;
  /** True when a grant of the tier may delete files that were there before its task. */
  readonly deletes: boolean;
}

/** The actions whose row of the table names the tier. */
export function actionsOf(tier: Tier): readonly Action[] {
  const all = Object.keys(actions) as Action[];
  return all.filter((action) => (actions[action].tiers as readonly Tier[]).includes(tier));
}

/** The actions of several tiers, each once, in the order of the table. */
export function actionsOfAny(tiers: readonly Tier[]): readonly Action[] {
  const all = Object.keys(actions) as Action[];
  return all.filter((action) => tiers.some((tier) => actionsOf(tier).includes(action)));
}

/** The budget of a grant that was given none. */
export const noBudget: Budget = { tokens: 0, usdMicro: 0, commits: 0, files: 0, lines: 0, children: 0 };

export const budgetKeys = Object.keys(noBudget) as readonly (keyof Budget)[];
