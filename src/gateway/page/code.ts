import { z } from 'zod';
import { allowUnless, type Decision, denied, type Reason, reason } from '../../lib/decision.ts';
import { event } from '../../store/log/events.ts';
import type { VerifiedToken } from '../../tiers/capability.ts';
import { claimsToWire } from '../../tiers/wire.ts';
import type { Case } from '../admission/definitions.ts';
import { project, text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { unsigned } from '../auth/draft.ts';
import { type GrantRow, lockGrant } from '../auth/minting.ts';
import type { Gateway } from '../services.ts';
import { originReasons } from './origin.ts';
import { pageCodes } from './schema.ts';

/** Seconds within which a code is used. */
const codeSeconds = 60;
const sessionSecondsMax = 43_200;

const hash = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .describe('SHA-256 in base64url, 43 characters');

const codeInput = z.strictObject({
  project,
  hash: hash.describe('SHA-256 of the code, which the gateway is not told, in base64url'),
  typed: hash.describe('The same of its first twelve characters, which a person may type'),
  origin: text(300).describe('The one origin at which it opens a session, such as http://127.0.0.1:4505'),
  tunnel: z.boolean().default(false).describe('True for the near end of a tunnel, no address of a gateway'),
  readOnly: z.boolean().default(false).describe('True for a session that only reads, and may pull the cord'),
  forSeconds: z
    .number()
    .int()
    .min(60)
    .max(sessionSecondsMax)
    .default(sessionSecondsMax)
    .describe('Life of the session in seconds'),
});

type CodeCase = Case<z.infer<typeof codeInput>, unknown, GrantRow | undefined>;

interface DecidedCode {
  readonly token: VerifiedToken;
  readonly lifeSeconds: number;
}

/** People open pages: the token of an agent ends after minutes, and its page would live on for hours. */
function decideCode({ grant, token, input, facts: row, entered }: CodeCase): Decision<DecidedCode> {
  if (token === undefined) return denied(reason('token.missing', grant.grantId));
  if (row === undefined) return denied(reason('grant.missing', grant.grantId));
  const leftSeconds = Math.floor((row.expiresAt.getTime() - entered.now.getTime()) / 1000);
  const reasons: Reason[] = originReasons(input.origin);
  if (grant.cap.tier !== 'human')
    reasons.push(reason('grant.tier', 'page', { found: grant.cap.tier, limit: 'human' }));
  if (leftSeconds <= 0) reasons.push(reason('token.expired', grant.grantId, { found: 'an ended grant' }));
  return allowUnless(reasons, { token, lifeSeconds: Math.min(input.forSeconds, leftSeconds) });
}

/** The procedure `page.code`: takes the hash of a code by which one browser may open a session of the caller’s grant. */
export function codeProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:renew',
    description:
      'Lets a browser open one session under the caller’s own grant, within a minute, by a code whose hash is given; called by andon open.',
    input: codeInput,
    facts: (tx, { grant }) => lockGrant(tx, grant.grantId),
    decide: decideCode,
    effect: async (tx, { decided: { token, lifeSeconds } }, { grant, input, entered }) => {
      const expiresAt = new Date(entered.now.getTime() + codeSeconds * 1000);
      const { hash: codeHash, typed, origin, tunnel, readOnly } = input;
      await tx.orm.insert(pageCodes).values({
        ...{ hash: codeHash, typed, origin, tunnel, readOnly, lifeSeconds, expiresAt },
        ...{ project: grant.cap.project, grantId: grant.grantId, agent: grant.sub },
        ...{ claims: claimsToWire(unsigned(token)), kid: token.kid },
      });
      const until = expiresAt.toISOString();
      return {
        answer: { expires: until, lifeSeconds },
        events: [event('page.offered', `grant/${grant.grantId}`, { origin, readOnly, until })],
      };
    },
  });
}
