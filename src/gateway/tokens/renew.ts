import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { allowUnless, type Decision, denied, type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { leaseReasons } from '../../tasks/lease.ts';
import { lockTask, type TaskRow } from '../../tasks/rows.ts';
import type { Grant, VerifiedToken } from '../../tiers/capability.ts';
import { claimsToWire } from '../../tiers/wire.ts';
import type { Case, Effect } from '../admission/definitions.ts';
import { project, tokenLife } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { renewedDraft, unsigned } from '../auth/draft.ts';
import { type GrantRow, lockGrant, recordToken, seconds } from '../auth/minting.ts';
import { revoke } from '../auth/revoking.ts';
import { tokens } from '../auth/schema.ts';
import type { Gateway } from '../services.ts';
import { signed, type TokenAnswer } from './mint.ts';

const replace = statement(
  'tokens.replace',
  'update tokens set replaced_by = $2, replaced_at = andon_now() where jti = $1',
);

/** Lets a token be followed by another of its grant: it dies after the grace. */
export const replaceToken = (tx: Tx, jti: string, by: string): Promise<unknown> =>
  tx.rows(replace, [jti, by]);

const renewInput = z.strictObject({ project, lifeSeconds: tokenLife });

type TokenRow = typeof tokens.$inferSelect;

interface RenewFacts {
  readonly row: GrantRow | undefined;
  readonly token: TokenRow | undefined;
  /** The token that has replaced this one, when that was within the grace. */
  readonly successor: TokenRow | undefined;
  /** The task whose lease the grant is bound to. */
  readonly task: TaskRow | undefined;
}

type RenewCase = Case<z.infer<typeof renewInput>, unknown, RenewFacts>;

/**
 * The outcome of a renewal: the next token, the one that was handed out before, or the end of a grant that
 * two parties hold.
 */
type Renewal =
  | { readonly kind: 'next'; readonly of: VerifiedToken; readonly lifeSeconds: number }
  | { readonly kind: 'same'; readonly of: VerifiedToken; readonly successor: TokenRow }
  | { readonly kind: 'stolen'; readonly of: VerifiedToken; readonly project: string };

function decideRenewal({ grant, token: of, input, facts, entered: { now } }: RenewCase): Decision<Renewal> {
  const { row, token, successor, task } = facts;
  if (of === undefined) return denied(reason('token.missing', grant.grantId));
  if (row === undefined) return denied(reason('grant.missing', grant.grantId));
  const reasons = [
    ...endedReasons(row, now),
    ...boundReasons(grant, task, now),
    ...lostReasons(successor, now),
  ];
  if (successor !== undefined) return allowUnless(reasons, { kind: 'same', of, successor });
  if (token?.replacedAt)
    return allowUnless(reasons, {
      kind: 'stolen',
      of,
      project: row.projects === null ? of.cap.project : '*',
    });
  const leftSeconds = Math.ceil(row.expiresAt.getTime() / 1000) - seconds(now);
  const lifeSeconds = Math.min(input.lifeSeconds ?? leftSeconds, leftSeconds);
  return allowUnless(reasons, { kind: 'next', of, lifeSeconds });
}

/** The reason against further tokens of a grant that has ended. */
export function endedReasons({ grantId, expiresAt }: GrantRow, now: Date): Reason[] {
  if (expiresAt > now) return [];
  const limit = expiresAt.toISOString();
  return [reason('token.expired', grantId, { found: 'the grant itself has ended', limit })];
}

/** Reasons why the lease that a grant is bound to has ended. */
function boundReasons({ sub, cap }: Grant, row: TaskRow | undefined, now: Date): readonly Reason[] {
  const { task, epoch } = cap;
  return task === undefined || epoch === undefined ? [] : leaseReasons(row, task, { agent: sub, epoch }, now);
}

/** Reasons against handing out a successor again, such as its end. */
function lostReasons(successor: TokenRow | undefined, now: Date): Reason[] {
  if (successor === undefined || successor.expiresAt > now) return [];
  return [reason('token.expired', successor.jti, { found: 'renewed before, and that one has expired' })];
}

/** The procedure `token.renew`: answers the next token of a grant; a replayed token ends the grant. */
export function renewProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:renew',
    whileBelow: true,
    description:
      'Hands out the next token of the caller’s grant; the present one dies after 30 s. Renewing with it again answers the same one until then, and revokes the grant later.',
    input: renewInput,
    exclusive: true,
    acceptsReplaced: true,
    facts: async (tx, { grant, token: held, entered }): Promise<RenewFacts> => {
      const row = await lockGrant(tx, grant.grantId);
      const { now } = await entered;
      const token = held === undefined ? undefined : await readToken(tx, held.jti);
      const { task, epoch, project: bound } = grant.cap;
      return {
        row,
        token,
        successor: await successorOf(tx, token, now),
        task: task === undefined || epoch === undefined ? undefined : await lockTask(tx, bound, task),
      };
    },
    decide: decideRenewal,
    effect: (tx, { decided }, { entered }): Promise<Effect<RenewAnswer>> | Effect<RenewAnswer> => {
      if (decided.kind === 'same') return repeated(decided.of, decided.successor);
      if (decided.kind === 'stolen') return replayed(tx, decided);
      return renewed(tx, decided.of, decided.lifeSeconds, entered.now);
    },
    after: async (answer, input) => {
      if ('stolen' in answer) {
        // A landing on a pass that is void now has moved main already, or never will.
        await gateway.workers.settleLandings(input.project);
        throw new AndonError([
          reason('token.revoked', answer.grant, { found: 'a token was renewed twice: the grant is revoked' }),
        ]);
      }
      if ('repeated' in answer) gateway.metrics.repeatedRenewal();
      return signed(gateway, answer);
    },
  });
}

type RenewAnswer = TokenAnswer & { readonly stolen?: true; readonly repeated?: true };

async function readToken(tx: Tx, jti: string): Promise<TokenRow | undefined> {
  const [row] = await tx.orm.select().from(tokens).where(eq(tokens.jti, jti));
  return row;
}

async function successorOf(tx: Tx, token: TokenRow | undefined, now: Date): Promise<TokenRow | undefined> {
  if (!token?.replacedAt || !token.replacedBy) return undefined;
  const isInGrace = now.getTime() <= token.replacedAt.getTime() + limits.replacedGraceMs;
  return isInGrace ? readToken(tx, token.replacedBy) : undefined;
}

/** The token of an earlier renewal, signed anew: processes that share a token may renew it at once. */
function repeated(token: VerifiedToken, successor: TokenRow): Effect<RenewAnswer> {
  const iat = seconds(successor.issuedAt);
  const times = { iat, nbf: iat, exp: seconds(successor.expiresAt) };
  const draft = { ...unsigned(token), jti: successor.jti, ...times };
  const data = { from: token.jti, to: draft.jti, repeated: true } as const;
  return {
    answer: {
      grant: token.grantId,
      agent: token.sub,
      expires: draft.exp,
      draft: claimsToWire(draft),
      repeated: true,
    },
    events: [event('token.renewed', `grant/${token.grantId}`, data)],
  };
}

async function renewed(
  tx: Tx,
  token: VerifiedToken,
  lifeSeconds: number,
  now: Date,
): Promise<Effect<TokenAnswer>> {
  const draft = renewedDraft(unsigned(token), { jti: newId('token'), lifeSeconds }, seconds(now));
  await recordToken(tx, draft);
  await replaceToken(tx, token.jti, draft.jti);
  const data = { from: token.jti, to: draft.jti };
  return {
    answer: {
      grant: token.grantId,
      agent: token.sub,
      expires: draft.exp,
      lifeSeconds: draft.exp - draft.iat,
      draft: claimsToWire(draft),
    },
    events: [event('token.renewed', `grant/${token.grantId}`, data)],
  };
}

/** Ends the whole grant when a token that was already renewed is offered again: two parties hold it. */
async function replayed(
  tx: Tx,
  { of: token, project: where }: Extract<Renewal, { kind: 'stolen' }>,
): Promise<Effect<TokenAnswer & { stolen: true }>> {
  const rows = [{ project: where, kind: 'grant' as const, value: token.grantId }];
  const why = 'a token was renewed twice';
  const { events } = await revoke(tx, rows, 'gateway', why);
  const subject = `grant/${token.grantId}`;
  return {
    answer: { grant: token.grantId, agent: token.sub, expires: 0, stolen: true },
    events: [
      event('token.replayed', subject, { token: token.jti }),
      event('token.revoked', subject, { rows, why }),
      ...events,
    ],
  };
}
