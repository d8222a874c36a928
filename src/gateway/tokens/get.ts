import { z } from 'zod';
import { allowUnless, type Decision, denied, type Reason, reason } from '../../lib/decision.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Grant, VerifiedToken } from '../../tiers/capability.ts';
import { reachedReasons } from '../../tiers/grant-reach.ts';
import { claimsToWire } from '../../tiers/wire.ts';
import type { Case, Effect } from '../admission/definitions.ts';
import { name, project, tokenLife } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { siblingDraft, unsigned } from '../auth/draft.ts';
import { readEpochs } from '../auth/epochs.ts';
import { type GrantRow, lockGrant, recordToken, seconds } from '../auth/minting.ts';
import type { Gateway } from '../services.ts';
import { signed, type TokenAnswer } from './mint.ts';
import { endedReasons, replaceToken } from './renew.ts';

const getInput = z.strictObject({
  project: project.describe('The project of the token that asks'),
  for: name.describe('The project that the new token names'),
  lifeSeconds: tokenLife,
});

interface GetFacts {
  readonly row: GrantRow | undefined;
  /** The epoch of the wanted project; undefined when there is no such project. */
  readonly epoch: number | undefined;
  /** The revocation of the grant, an ancestor or the agent in the wanted project, as memory knows it. */
  readonly revoked: Reason | undefined;
  /** Tokens of the grant for the wanted project that are good now. */
  readonly living: readonly string[];
}

/** The token to be drafted. */
interface DecidedToken {
  readonly of: VerifiedToken;
  readonly epoch: number;
  readonly lifeSeconds: number;
  readonly grantEnds: number;
}

type GetCase = Case<z.infer<typeof getInput>, unknown, GetFacts>;

const livingOf = statement(
  'tokens.ofProject',
  `select jti from tokens where gid = $1 and project = $2 and replaced_at is null and expires_at > andon_now()`,
);

/** The procedure `token.get`: a further token of a grant over several projects, for one of the others. */
export function getProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:renew',
    description:
      'Hands out a token of the caller’s grant for another of its projects; it takes the place of an earlier one for that project.',
    input: getInput,
    facts: (tx, { grant, input }) => readFacts(gateway, tx, grant, input.for),
    decide: decideToken,
    effect: async (tx, { decided }, { input, facts, entered }): Promise<Effect<TokenAnswer>> => {
      const { of, epoch, lifeSeconds, grantEnds } = decided;
      const next = { jti: newId('token'), lifeSeconds, project: input.for, epoch };
      const draft = siblingDraft(unsigned(of), next, seconds(entered.now));
      await recordToken(tx, draft);
      for (const jti of facts.living) await replaceToken(tx, jti, draft.jti);
      const data = { project: input.for, to: draft.jti, instead: facts.living };
      return {
        answer: {
          grant: of.grantId,
          agent: of.sub,
          expires: draft.exp,
          grantExpires: grantEnds,
          draft: claimsToWire(draft),
        },
        events: [event('token.issued', `grant/${of.grantId}`, data)],
      };
    },
    after: (answer) => signed(gateway, answer),
  });
}

/**
 * Memory tells of revocations, so that nobody gets a token that is of no use; the token that it has not heard of is refused
 * where it is used.
 */
async function readFacts(
  { tokens }: Pick<Gateway, 'tokens'>,
  tx: Tx,
  grant: Grant,
  wanted: string,
): Promise<GetFacts> {
  const row = await lockGrant(tx, grant.grantId);
  const epoch = (await readEpochs(tx, [wanted])).get(wanted);
  const there = { ...grant, epoch: epoch ?? grant.epoch, cap: { ...grant.cap, project: wanted } };
  const living = await tx.rows<{ jti: string }>(livingOf, [grant.grantId, wanted]);
  return { row, epoch, revoked: tokens.revoked(there), living: living.map(({ jti }) => jti) };
}

function decideToken({ grant, token: of, input, facts, entered: { now } }: GetCase): Decision<DecidedToken> {
  const { row, epoch } = facts;
  if (of === undefined) return denied(reason('token.missing', grant.grantId));
  if (row === undefined) return denied(reason('grant.missing', grant.grantId));
  if (epoch === undefined) return denied(reason('project.missing', input.for));
  const grantEnds = Math.floor(row.expiresAt.getTime() / 1000);
  const left = Math.ceil(row.expiresAt.getTime() / 1000) - seconds(now);
  const lifeSeconds = Math.max(1, Math.min(input.lifeSeconds ?? left, left));
  return allowUnless(againstToken(grant, input.for, { ...facts, row, epoch }, now), {
    of,
    epoch,
    lifeSeconds,
    grantEnds,
  });
}

function againstToken(
  { cap, grantId }: Grant,
  wanted: string,
  { row, epoch, revoked }: GetFacts & { readonly row: GrantRow; readonly epoch: number },
  now: Date,
): Reason[] {
  const found = endedReasons(row, now);
  if (wanted === cap.project)
    found.push(
      reason('request.invalid', 'for', {
        found: `${wanted}, the project of the token itself`,
        limit: 'another project of the grant',
        next: 'renew the token: andon token renew',
      }),
    );
  if (revoked !== undefined) found.push(revoked);
  const reach = row.projects === null ? undefined : { projects: row.projects, epochs: row.epochs ?? {} };
  return wanted === cap.project ? found : [...found, ...reachedReasons(grantId, reach, wanted, epoch)];
}
