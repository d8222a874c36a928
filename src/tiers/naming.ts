import { type Reason, reason } from '../lib/decision.ts';
import type { Capability } from './capability.ts';
import { isRunnerRole } from './roles.ts';

/** A living grant, with the name that it bears. */
export interface Bearer {
  readonly grantId: string;
  readonly agent: string;
  readonly tier: Capability['tier'];
  readonly role: string;
  /** Ids of the grants above this one, parent first. */
  readonly lineage: readonly string[];
}

/** A name to be given with a grant, the grant that gives it, and the grants that bear it already. */
export interface Naming {
  readonly agent: string;
  readonly cap: Pick<Capability, 'tier' | 'role'>;
  readonly by: { readonly grantId: string; readonly tier: Capability['tier'] };
  /** Living grants of that name in the project of the new one. */
  readonly bearers: readonly Pick<Bearer, 'grantId' | 'lineage'>[];
}

/** The kind of name that a grant of this tier and role bears. */
function kindOfName({ tier, role }: Pick<Capability, 'tier' | 'role'>): 'human' | 'runner' | 'agent' {
  if (tier === 'human') return 'human';
  return isRunnerRole(role) ? 'runner' : 'agent';
}

/**
 * Every reason against giving this name: inbox, stops, leases and the log know principals by their names.
 * Tier and role decide the kind of a name; `human:` and `runner:` are given by people alone; a name that a
 * living grant bears is given again only by that grant's parent, an ancestor of it, or a person.
 */
export function namingReasons({ agent, cap, by, bearers }: Naming): Reason[] {
  const kind = kindOfName(cap);
  const found: Reason[] = [];
  if (!agent.startsWith(`${kind}:`))
    found.push(reason('grant.name', agent, { found: `${cap.tier} ${cap.role}`, limit: `${kind}:…` }));
  if (by.tier === 'human') return found;
  if (kind !== 'agent' || /^(?:human|runner):/.test(agent))
    found.push(reason('grant.name', agent, { found: by.tier, limit: 'given by a person' }));
  if (bearers.some(({ lineage }) => !lineage.includes(by.grantId)))
    found.push(reason('grant.taken', agent, { found: 'a living grant of somebody else' }));
  return found;
}
