import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import type { Tier } from '../../tiers/actions.ts';
import type { Actor, Capability, Grant, VerifiedToken } from '../../tiers/capability.ts';
import { profiles } from '../../tiers/profiles.ts';
import { audienceOf, type GrantDraft } from './claims.ts';

/** Names of a new grant; ids come from `makeId`. */
export interface GrantNaming {
  readonly sub: string;
  readonly grantId: string;
  readonly jti: string;
  readonly cap: Capability;
  /** Requested lifetime in seconds; the tier's own when absent. Never longer than the tier allows. */
  readonly lifeSeconds?: number;
  /** Thumbprint of the key that the bearer proves to hold (RFC 7800). */
  readonly jkt?: string;
}

/** The delegating grant: the members that a child takes from its parent. */
export type Delegator = Pick<Grant, 'iss' | 'sub' | 'act' | 'grantId' | 'lineage'>;

/** State at the moment of minting. */
export interface MintFacts {
  readonly nowSeconds: number;
  /** Epoch of the project of the capability. */
  readonly epoch: number;
}

/**
 * Lifetime of a token of this tier in seconds: 15 minutes for agents, 60 for executives, up to 12 hours for
 * people.
 */
export const lifeSecondsOf = (tier: Tier, wished = Number.POSITIVE_INFINITY): number =>
  Math.max(1, Math.min(wished, profiles[tier].tokenSecondsMax));

/** Claims of a grant at the root of delegation, which has no ancestors. */
export function rootDraft(issuer: string, naming: GrantNaming, facts: MintFacts): GrantDraft {
  return draft(issuer, naming, facts, []);
}

/**
 * Claims of a child of `parent`: the parent heads its lineage and its actor chain. The capability is taken as
 * it is: `attenuate` made it. Expiry does not cascade: the child may outlive the parent's token, never its
 * grant, since a revoked grant takes its descendants along. Throws `lattice.depth` when the lineage would
 * exceed `limits.lineageMax`.
 */
export function childDraft(parent: Delegator, naming: GrantNaming, facts: MintFacts): GrantDraft {
  const lineage = [parent.grantId, ...parent.lineage];
  if (lineage.length > limits.lineageMax) {
    throw fail('lattice.depth', 'lin', { found: `${lineage.length} ancestors`, limit: limits.lineageMax });
  }
  const act: Actor = parent.act === undefined ? { sub: parent.sub } : { sub: parent.sub, act: parent.act };
  return { ...draft(parent.iss, naming, facts, lineage), act };
}

/** Claims of the next token of the same grant: a new id and new times, everything else unchanged. */
export function renewedDraft(
  claims: GrantDraft,
  next: { readonly jti: string; readonly lifeSeconds?: number },
  nowSeconds: number,
): GrantDraft {
  const exp = nowSeconds + lifeSecondsOf(claims.cap.tier, next.lifeSeconds);
  return { ...claims, jti: next.jti, iat: nowSeconds, nbf: nowSeconds, exp };
}

/** Claims of a token of the same grant for another project of its reach, under the epoch of that project. */
export function siblingDraft(
  claims: GrantDraft,
  next: {
    readonly jti: string;
    readonly lifeSeconds?: number;
    readonly project: string;
    readonly epoch: number;
  },
  nowSeconds: number,
): GrantDraft {
  const { project, epoch } = next;
  const cap = { ...claims.cap, project, plan: project };
  return { ...renewedDraft(claims, next, nowSeconds), aud: audienceOf(claims.iss, project), cap, epoch };
}

/** The claims of a token, to be signed anew by the key that is active then. */
export const unsigned = ({ kid: _kid, ...claims }: VerifiedToken): GrantDraft => claims;

function draft(
  issuer: string,
  naming: GrantNaming,
  facts: MintFacts,
  lineage: readonly string[],
): GrantDraft {
  const { sub, grantId, jti, cap, jkt } = naming;
  return {
    iss: issuer,
    aud: audienceOf(issuer, cap.project),
    sub,
    jti,
    iat: facts.nowSeconds,
    nbf: facts.nowSeconds,
    exp: facts.nowSeconds + lifeSecondsOf(cap.tier, naming.lifeSeconds),
    grantId,
    lineage,
    epoch: facts.epoch,
    ...defined({ cnf: jkt === undefined ? undefined : { jkt } }),
    cap,
  };
}
