import type { Capability, Grant } from '../tiers/capability.ts';

/** The grant of a trigger's owner, as it is stored. */
export interface StoredGrant {
  readonly agent: string;
  readonly cap: Capability;
  readonly lineage: readonly string[];
  readonly expiresAt: Date;
}

export interface StandingFor extends StoredGrant {
  readonly trigger: string;
  readonly project: string;
  readonly ownerGid: string;
  readonly ownerEpoch: number;
}

/**
 * The standing grant of a trigger's owner, as its fires go through the door with it. No token speaks for it: expiry is that of
 * the grant, the epoch that at which the trigger was armed, and revocations of the grant, of its ancestors and of the
 * owner are found by the door as for everybody.
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
