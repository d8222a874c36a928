import { z } from 'zod';
import { isoOfSeconds } from '../../lib/durations.ts';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { principalPattern } from '../../lib/names.ts';
import type { Actor, VerifiedToken } from '../../tiers/capability.ts';
import { heldCapabilitySchema } from '../../tiers/capability-schema.ts';
import { profiles } from '../../tiers/profiles.ts';
import { claimsFromWire, type WireClaims } from '../../tiers/wire.ts';

/** A token before it is signed: the signing key adds its `kid`. */
export type GrantDraft = Omit<VerifiedToken, 'kid'>;

/** Seconds by which the clocks of two gateways may differ. */
const clockToleranceSeconds = 5;

const seconds = z.int().nonnegative();
const principal = z
  .string()
  .regex(principalPattern, 'a principal is a kind and a name, such as agent:builder-1');
const grantId = z.string().regex(/^gnt_[0-9a-hjkmnp-tv-z]{26}$/, 'a grant id');

// The chain is as deep as the lineage at most, so a fixed depth does without recursion.
const actor = Array.from({ length: limits.lineageMax }).reduce<z.ZodType<Actor>>(
  (inner) => z.strictObject({ sub: principal, act: inner.exactOptional() }),
  z.never(),
);

/**
 * The payload of a token (RFC 7519, RFC 8693): exactly these members, an unknown one is refused. Unknown
 * actions are left out.
 */
export const claimsSchema = z
  .strictObject({
    iss: z.string().max(255),
    aud: z.string().max(400),
    sub: principal,
    act: actor.exactOptional(),
    jti: z.string().regex(/^tok_[0-9a-hjkmnp-tv-z]{26}$/, 'a token id'),
    iat: seconds,
    nbf: seconds,
    exp: seconds,
    gid: grantId,
    lin: z.array(grantId).max(limits.lineageMax),
    ep: seconds,
    cnf: z.strictObject({ jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }).exactOptional(),
    cap: heldCapabilitySchema,
  })
  .refine(
    (one) => one.cap.tier !== 'human' || one.sub.startsWith('human:'),
    'only people hold the human tier',
  )
  .refine((one) => one.nbf <= one.exp && one.iat <= one.exp, 'a token starts before it ends')
  .refine(
    (one) => one.exp - one.iat <= profiles[one.cap.tier].tokenSecondsMax,
    'a token lives no longer than its tier allows',
  ) satisfies z.ZodType<WireClaims>;

/** Parses claims strictly; throws `token.claims` that names the first faulty member. */
export const parseClaims = (claims: unknown): GrantDraft => claimsFromWire(parseWireClaims(claims));

/** Parses claims strictly, with the members, and in the order, in which they are signed. */
export function parseWireClaims(claims: unknown): WireClaims {
  const parsed = claimsSchema.safeParse(claims);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw fail('token.claims', issue?.path.join('.') || 'payload', { found: issue?.message ?? 'unknown' });
}

/** The resource that a token is for (RFC 8707): one project of an issuer, or `*` for all of them. */
export const audienceOf = (issuer: string, project: string): string => `${issuer}/projects/${project}`;

type CheckedClaims = Pick<VerifiedToken, 'iss' | 'aud' | 'iat' | 'nbf'> & {
  readonly cap: { readonly project: string };
};

/** Throws unless the token was issued here, for the project of its own capability, and has started. */
export function checkClaims(claims: CheckedClaims, issuer: string, nowSeconds: number): void {
  if (claims.iss !== issuer) throw fail('token.audience', 'iss', { found: claims.iss, limit: issuer });
  const audience = audienceOf(issuer, claims.cap.project);
  if (claims.aud !== audience) throw fail('token.audience', 'aud', { found: claims.aud, limit: audience });
  const latest = nowSeconds + clockToleranceSeconds;
  if (claims.iat > latest)
    throw fail('token.early', 'iat', { found: isoOfSeconds(claims.iat), limit: isoOfSeconds(latest) });
  if (claims.nbf > latest)
    throw fail('token.early', 'nbf', { found: isoOfSeconds(claims.nbf), limit: isoOfSeconds(latest) });
}

/** Throws `token.expired` from the second named by `exp` on (RFC 7519 section 4.1.4). */
export function checkExpiry(claims: Pick<VerifiedToken, 'jti' | 'exp'>, nowSeconds: number): void {
  if (nowSeconds >= claims.exp)
    throw fail('token.expired', claims.jti, {
      found: isoOfSeconds(nowSeconds),
      limit: isoOfSeconds(claims.exp),
    });
}
