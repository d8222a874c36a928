import { type Reason, reason } from '../lib/decision.ts';
import { roleNames, roleOf } from '../tiers/roles.ts';
import type { Plan } from './plan.ts';

/** Every fault in the agent profiles of a plan beyond their shape. */
export const checkProfiles = (plan: Plan): Reason[] => [
  ...badRoles(plan),
  ...badUsage(plan),
  ...badContext(plan),
];

function badRoles(plan: Plan): Reason[] {
  return Object.entries(plan.agents).flatMap(([id, { tier, role }]) => {
    if (role === undefined || roleOf(role)?.tier === tier) return [];
    const limit = roleNames.filter((name) => roleOf(name)?.tier === tier).join(', ');
    return [reason('plan.reference', `agents.${id}.role`, { found: role, limit })];
  });
}

/**
 * Profiles with a wrong source of usage: Codex has no setting for the address of metrics, and its journals
 * hold the same numbers; an agent that Andon does not start cannot be told an address.
 */
function badUsage(plan: Plan): Reason[] {
  return Object.entries(plan.agents)
    .filter(([, { usage, adapter }]) => usage === 'otel' && adapter !== 'claude' && adapter !== 'command')
    .map(([id, { adapter = 'no adapter' }]) =>
      reason('plan.invalid', `agents.${id}.usage`, {
        found: `otel with ${adapter}`,
        limit: 'the adapters claude and command',
        next: 'leave `usage` out',
      }),
    );
}

/** Bounds on a context that nothing would hold: of a program that tells nothing of it, or asks nobody before it loads. */
function badContext(plan: Plan): Reason[] {
  return Object.entries(plan.agents).flatMap(([id, { context = {}, adapter = 'no adapter' }]) => [
    ...unheld(`agents.${id}.context.tokens`, context.tokens !== undefined, adapter, ['claude', 'codex']),
    ...unheld(`agents.${id}.context.folders`, context.folders === 'refused', adapter, ['claude']),
  ]);
}

function unheld(member: string, isSet: boolean, adapter: string, able: readonly string[]): Reason[] {
  if (!isSet || able.includes(adapter)) return [];
  const limit = `the adapter${able.length > 1 ? 's' : ''} ${able.join(' and ')}`;
  return [reason('plan.invalid', member, { found: `with ${adapter}`, limit, next: 'leave it out' })];
}
