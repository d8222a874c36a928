import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { newId } from '../../store/ids.ts';
import { statement, type Tx } from '../../store/store.ts';
import { leaseReasons } from '../../tasks/lease.ts';
import { lockTask } from '../../tasks/rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import { renewedDraft } from '../auth/draft.ts';
import { type GrantRow, lockGrant, recordToken, seconds } from '../auth/minting.ts';
import { revoke } from '../auth/revoking.ts';
import { tokens } from '../auth/schema.ts';
import type { Effect, Facts } from '../door/definitions.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation } from '../door/procedure.ts';
import { project } from './inputs.ts';
import { signed, type TokenAnswer } from './token-mint.ts';

const replace = statement(
  'tokens.replace',
  'update tokens set replaced_by = $2, replaced_at = andon_now() where jti = $1',
);

const renewInput = z.strictObject({ project, lifeSeconds: z.number().int().min(1).max(86_400).optional() });

type TokenRow = typeof tokens.$inferSelect;

interface RenewFacts {
  readonly row: GrantRow | undefined;
  readonly token: TokenRow | undefined;
  /** The token that has replaced it, when that was within the grace. */
  readonly successor: TokenRow | undefined;
  readonly reasons: readonly Reason[];
}

/** Why a grant cannot be renewed: it ended, or the lease that it is bound to did. */
async function renewalReasons(tx: Tx, grant: Grant, row: GrantRow | undefined, now: Date): Promise<Reason[]> {
  if (row === undefined) return [reason('grant.missing', grant.gid)];
  if (row.expiresAt <= now) {
    const limit = row.expiresAt.toISOString();
    return [reason('token.expired', grant.gid, { found: 'the grant itself has ended', limit })];
  }
  const { task, epoch, project: bound } = grant.cap;
  if (task === undefined || epoch === undefined) return [];
  return leaseReasons(await lockTask(tx, bound, task), task, { agent: grant.sub, epoch }, now);
}

/** `token.renew`. */
export function renewProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:renew',
    whileBelow: true,
    description:
      'Hands out the next token of the caller’s grant; the present one dies after 30 s. Renewing with it again answers the same one until then, and revokes the grant later.',
    input: renewInput,
    exclusive: true,
    acceptsReplaced: true,
    fixed: async () => undefined,
    moving: async (tx, { grant, entered }): Promise<RenewFacts> => {
      const row = await lockGrant(tx, grant.gid);
      const { now } = await entered;
      const token = await readToken(tx, grant.jti);
      const successor = await successorOf(tx, token, now);
      const reasons = await renewalReasons(tx, grant, row, now);
      return { row, token, successor, reasons: [...reasons, ...lostReasons(successor, now)] };
    },
    decide: ({ moving }) => moving.reasons,
    effect: (tx, _permit, facts): Promise<Effect<RenewAnswer>> => {
      const { successor, token } = facts.moving;
      if (successor !== undefined) return Promise.resolve(repeated(facts.grant, successor));
      return token?.replacedAt ? replayed(tx, facts.grant) : renewed(tx, facts);
    },
    after: async (door, answer) => {
      if ('stolen' in answer)
        throw new AndonError([
          reason('token.revoked', answer.grant, { found: 'a token was renewed twice: the grant is revoked' }),
        ]);
      if ('repeated' in answer) door.metrics.repeatedRenewal();
      return signed(door, answer);
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

/** A successor that has ended by now cannot be handed out again. */
function lostReasons(successor: TokenRow | undefined, now: Date): Reason[] {
  if (successor === undefined || successor.expiresAt > now) return [];
  return [reason('token.expired', successor.jti, { found: 'renewed before, and that one has expired' })];
}

/** The token that an earlier renewal has made, signed anew: processes that share a token may renew it at once. */
function repeated(grant: Grant, successor: TokenRow): Effect<RenewAnswer> {
  const { kid: _kid, ...kept } = grant;
  const iat = seconds(successor.issuedAt);
  const draft = { ...kept, jti: successor.jti, iat, nbf: iat, exp: seconds(successor.expiresAt) };
  const data = { from: grant.jti, to: draft.jti, repeated: true };
  return {
    answer: { grant: grant.gid, agent: grant.sub, expires: draft.exp, draft, repeated: true },
    events: [{ type: 'token.renewed', subject: `grant/${grant.gid}`, data }],
  };
}

async function renewed(
  tx: Tx,
  { grant, input, moving, entered }: Facts<z.infer<typeof renewInput>, unknown, RenewFacts>,
): Promise<Effect<TokenAnswer>> {
  const nowSeconds = seconds(entered.now);
  const leftSeconds =
    moving.row === undefined ? 0 : Math.ceil(moving.row.expiresAt.getTime() / 1000) - nowSeconds;
  const lifeSeconds = Math.min(input.lifeSeconds ?? leftSeconds, leftSeconds);
  const draft = renewedDraft(grant, { jti: newId('token'), lifeSeconds }, nowSeconds);
  await recordToken(tx, draft);
  await tx.rows(replace, [grant.jti, draft.jti]);
  return {
    answer: { grant: grant.gid, agent: grant.sub, expires: draft.exp, draft },
    events: [
      { type: 'token.renewed', subject: `grant/${grant.gid}`, data: { from: grant.jti, to: draft.jti } },
    ],
  };
}

/** A token that was already renewed is offered again: two parties hold it, so the whole grant ends. */
async function replayed(tx: Tx, grant: Grant): Promise<Effect<TokenAnswer & { stolen: true }>> {
  const rows = [{ project: grant.cap.project, kind: 'grant' as const, value: grant.gid }];
  const why = 'a token was renewed twice';
  await revoke(tx, rows, 'gateway', why);
  const subject = `grant/${grant.gid}`;
  return {
    answer: { grant: grant.gid, agent: grant.sub, expires: 0, stolen: true },
    events: [
      { type: 'token.replayed', subject, data: { token: grant.jti } },
      { type: 'token.revoked', subject, data: { rows, why } },
    ],
  };
}
