import { limits } from '../lib/limits.ts';
import { actionsOf, actionsOfAny, type TierProfile } from './profile.ts';

/**
 * The human tier, the root of delegation: bounded by the same policies as every tier, with ceilings out of
 * the way.
 */
export const human: TierProfile = {
  tier: 'human',
  purpose: 'owns the project, applies plans and gates, answers questions, clears stops',
  actions: actionsOf('human'),
  delegable: actionsOfAny(['human', 'executive', 'implementer', 'validator']),
  mints: ['human', 'executive', 'implementer', 'validator'],
  ceilings: { complexity: 1_000, lines: limits.sourceLinesMax },
  depth: limits.lineageMax,
  budget: {
    tokens: 1_000_000_000_000,
    usdMicro: 1_000_000_000_000,
    commits: 1_000_000,
    files: 10_000_000,
    lines: 1_000_000_000,
    children: 100_000,
  },
  tokenSecondsMax: limits.humanTokenSecondsMax,
  everyProject: true,
  deletes: true,
};
