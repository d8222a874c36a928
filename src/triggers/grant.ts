import type { Capability, Grant } from '../tiers/capability.ts';

/** The grant of a trigger's owner, as it is stored. */
export interface StoredGrant {
  readonly agent: string;
  readonly cap: Capability;
  readonly lineage: readonly string[];
  readonly expiresAt: Date;
}

/** A trigger, its owner, and the owner's stored grant. */
export interface StandingFor extends StoredGrant {
  readonly trigger: string;
  readonly project: string;
  readonly ownerGid: string;
  readonly ownerEpoch: number;
}

/**
 * The standing grant of a trigger's owner, under which admission judges its fires. No token speaks for the
 * grant: its expiry is that of the grant, its epoch the one at which the trigger was armed, and admission
 * finds revocations of the grant, of its ancestors and of the owner as for any caller.
 */
export const standingGrant = (issuer: string, held: StandingFor): Grant => ({
  iss: issuer,
  sub: held.agent,
  exp: Math.floor(held.expiresAt.getTime() / 1000),
  grantId: held.ownerGid,
  lineage: held.lineage,
  epoch: held.ownerEpoch,
  cap: held.cap,
});
