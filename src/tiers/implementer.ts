import { limits } from '../lib/limits.ts';
import { actionsOf, type TierProfile } from './profile.ts';

/**
 * The implementer tier writes code in one project, inside a whitelist of paths, in short and simple
 * functions; it deletes nothing.
 */
export const implementer: TierProfile = {
  tier: 'implementer',
  purpose: 'claims tasks and commits code inside its write scope',
  actions: actionsOf('implementer'),
  delegable: [],
  mints: [],
  ceilings: { complexity: limits.complexityDefault, lines: limits.functionLinesDefault },
  depth: 0,
  budget: { tokens: 5_000_000, usdMicro: 10_000_000, commits: 100, files: 500, lines: 20_000, children: 0 },
  tokenSecondsMax: limits.agentTokenSecondsMax,
  everyProject: false,
  deletes: false,
};
