import { limits } from '../lib/limits.ts';
import { actionsOf, actionsOfAny, type TierProfile } from './profile.ts';

/**
 * The executive tier reads everything, plans, spawns and terminates, and cannot touch code: an executive may
 * delegate a push that it may not make itself. Its write scope and ceilings bound the grants that it
 * delegates.
 */
export const executive: TierProfile = {
  tier: 'executive',
  purpose: 'plans, delegates and watches the line; cannot touch code',
  actions: actionsOf('executive'),
  delegable: actionsOfAny(['implementer', 'validator']),
  mints: ['implementer', 'validator'],
  ceilings: { complexity: limits.complexityDefault, lines: limits.functionLinesDefault },
  depth: 1,
  budget: {
    tokens: 50_000_000,
    usdMicro: 100_000_000,
    commits: 2_000,
    files: 10_000,
    lines: 500_000,
    children: 100,
  },
  tokenSecondsMax: limits.executiveTokenSecondsMax,
  everyProject: false,
  deletes: false,
};
