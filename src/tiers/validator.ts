import { limits } from '../lib/limits.ts';
import { actionsOf, type TierProfile } from './profile.ts';

/** The validator tier reads everything and writes verdicts and reports, nothing else. */
export const validator: TierProfile = {
  tier: 'validator',
  purpose: 'judges changes with evidence; writes verdicts and reports only',
  actions: actionsOf('validator'),
  delegable: [],
  mints: [],
  ceilings: { complexity: 0, lines: 0 },
  depth: 0,
  budget: { tokens: 5_000_000, usdMicro: 5_000_000, commits: 0, files: 0, lines: 0, children: 0 },
  tokenSecondsMax: limits.agentTokenSecondsMax,
  everyProject: false,
  deletes: false,
};
