import { type Reason, reason } from '../../lib/decision.ts';
import { isLiving } from '../../store/living-grant.ts';
import { type Session, statement } from '../../store/store.ts';
import type { Claimant } from '../../tasks/claim.ts';
import type { Capability } from '../../tiers/capability.ts';
import { capabilityFromWire, type WireCapability } from '../../tiers/wire.ts';

interface GrantCap {
  readonly agent: string;
  readonly grantId: string;
  readonly cap: WireCapability;
}

const pullingGrants = statement(
  'grants.pulling',
  `select g.agent, g.gid as "grantId", g.cap from grants g
   where andon_reaches(g, $1) and g.cap->>'tier' = 'implementer' and g.cap->>'task' is null and ${isLiving('g')}`,
);
const grantsOfName = statement(
  'grants.ofName',
  `select g.agent, g.gid as "grantId", g.cap from grants g where andon_reaches(g, $1) and g.agent = $2 and ${isLiving('g')}`,
);

/** Living grants of agents who choose among tasks: a grant that is bound to one task was made for that task. */
export const readPulling = async (session: Session, project: string): Promise<Claimant[]> =>
  (await session.rows<GrantCap>(pullingGrants, [project])).map(asClaimant).filter(mayClaim);

type KnownClaimant = Claimant & { readonly cap: Capability };

const asClaimant = ({ cap, ...row }: GrantCap): KnownClaimant => ({ ...row, cap: capabilityFromWire(cap) });

const mayClaim = ({ cap }: KnownClaimant): boolean => cap.actions.includes('task:claim');

/**
 * Reasons why a principal can hold no task: only people and agents do, and of those that bear a living grant only who may
 * claim. A name without a grant may get one later.
 */
export async function holderReasons(session: Session, project: string, agent: string): Promise<Reason[]> {
  if (!/^(?:human|agent):/.test(agent))
    return [reason('task.holder', agent, { limit: 'agent:… or human:…' })];
  const known = (await session.rows<GrantCap>(grantsOfName, [project, agent])).map(asClaimant);
  const [first] = known;
  if (first === undefined || known.some(mayClaim)) return [];
  return [reason('task.holder', agent, { found: first.cap.role, limit: 'a role with task:claim' })];
}
