import { type Session, statement } from '../store/store.ts';
import type { TriggerRow } from '../tasks/trigger-rows.ts';
import type { Capability, Grant } from '../tiers/capability.ts';

const read = statement(
  'triggers.grant',
  'select agent, cap, lin, expires_at as "expiresAt" from grants where gid = $1',
);

/**
 * The standing grant of a trigger's owner, as its fires go through the door with it. There is no token: expiry is that of
 * the grant, the epoch that at which the trigger was armed, and revocations of the grant, of its ancestors and of the
 * owner are found by the door as for everybody.
 */
export async function standingGrant(
  session: Session,
  issuer: string,
  row: Pick<TriggerRow, 'id' | 'project' | 'ownerGid' | 'ownerEpoch'>,
): Promise<Grant | undefined> {
  type Stored = { agent: string; cap: Capability; lin: string[]; expiresAt: Date };
  const [stored] = await session.rows<Stored>(read, [row.ownerGid]);
  if (stored === undefined) return undefined;
  return {
    iss: issuer,
    aud: `${issuer}/projects/${row.project}`,
    sub: stored.agent,
    jti: row.id,
    iat: 0,
    nbf: 0,
    exp: Math.floor(stored.expiresAt.getTime() / 1000),
    gid: row.ownerGid,
    lin: stored.lin,
    ep: row.ownerEpoch,
    kid: '',
    cap: stored.cap,
  };
}
