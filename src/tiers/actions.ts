/** Effect of an action: a query reads, a mutation changes state and appends an event. */
export type ActionKind = 'query' | 'mutation';

/**
 * The one table of actions. Every procedure of the router names one of these, every grant lists some of them,
 * and `tiers` lists the tiers that may ever exercise the action: a grant outside that column is not minted.
 */
export const actions = {
  'project:create': { kind: 'mutation', tiers: ['human'] },
  'project:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'project:sync': { kind: 'mutation', tiers: ['human'] },
  'plan:apply': { kind: 'mutation', tiers: ['human', 'executive'] },
  'plan:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'phase:advance': { kind: 'mutation', tiers: ['human'] },
  'task:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'task:claim': { kind: 'mutation', tiers: ['human', 'implementer'] },
  'task:renew': { kind: 'mutation', tiers: ['human', 'implementer'] },
  'task:release': { kind: 'mutation', tiers: ['human', 'implementer'] },
  'task:steal': { kind: 'mutation', tiers: ['human', 'executive'] },
  'task:ask': { kind: 'mutation', tiers: ['human', 'implementer', 'validator', 'executive'] },
  'task:answer': { kind: 'mutation', tiers: ['human'] },
  'task:abandon': { kind: 'mutation', tiers: ['human', 'executive'] },
  'repo:fetch': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'repo:push': { kind: 'mutation', tiers: ['human', 'implementer'] },
  'change:check': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'change:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'change:submit': { kind: 'mutation', tiers: ['human', 'implementer'] },
  'change:withdraw': { kind: 'mutation', tiers: ['human', 'implementer'] },
  'queue:order': { kind: 'mutation', tiers: ['human', 'executive'] },
  'gate:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'gate:pass': { kind: 'mutation', tiers: ['human', 'validator'] },
  'gate:take': { kind: 'mutation', tiers: ['executive'] },
  'gate:report': { kind: 'mutation', tiers: ['executive'] },
  'gate:rerun': { kind: 'mutation', tiers: ['human', 'executive'] },
  'verdict:approve': { kind: 'mutation', tiers: ['human', 'validator'] },
  'verdict:reject': { kind: 'mutation', tiers: ['human', 'validator'] },
  'report:write': { kind: 'mutation', tiers: ['human', 'executive', 'validator'] },
  'token:mint': { kind: 'mutation', tiers: ['human', 'executive'] },
  'token:renew': { kind: 'mutation', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'token:revoke': { kind: 'mutation', tiers: ['human', 'executive'] },
  'token:read': { kind: 'query', tiers: ['human', 'executive'] },
  'grant:explain': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'key:rotate': { kind: 'mutation', tiers: ['human'] },
  'event:read': { kind: 'query', tiers: ['human', 'executive', 'validator', 'implementer'] },
  'audit:run': { kind: 'mutation', tiers: ['human', 'executive'] },
  'audit:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'audit:verify': { kind: 'query', tiers: ['human', 'executive', 'validator'] },
  'log:accept': { kind: 'mutation', tiers: ['human'] },
  'agent:terminate': { kind: 'mutation', tiers: ['human', 'executive'] },
  'cord:pull': { kind: 'mutation', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'cord:clear': { kind: 'mutation', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'cord:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'message:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'message:mark': { kind: 'mutation', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'message:send': { kind: 'mutation', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'agent:spawn': { kind: 'mutation', tiers: ['human', 'executive'] },
  'agent:update': { kind: 'mutation', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'agent:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'run:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'run:stop': { kind: 'mutation', tiers: ['human', 'executive'] },
  'run:take': { kind: 'mutation', tiers: ['human', 'executive'] },
  'run:report': { kind: 'mutation', tiers: ['human', 'executive'] },
  'briefing:extend': { kind: 'mutation', tiers: ['human', 'executive', 'implementer', 'validator'] },
  'decision:write': { kind: 'mutation', tiers: ['human', 'executive'] },
  'alert:write': { kind: 'mutation', tiers: ['human', 'executive'] },
  'solution:write': { kind: 'mutation', tiers: ['human', 'executive', 'implementer'] },
  'trigger:create': { kind: 'mutation', tiers: ['human', 'executive'] },
  'trigger:fire': { kind: 'mutation', tiers: ['human', 'executive'] },
  'trigger:pause': { kind: 'mutation', tiers: ['human', 'executive'] },
  'trigger:read': { kind: 'query', tiers: ['human', 'executive', 'implementer', 'validator'] },
} as const satisfies Record<string, { kind: ActionKind; tiers: readonly Tier[] }>;

/** Rank of a principal. `human` is the root of delegation. */
export type Tier = 'human' | 'executive' | 'implementer' | 'validator';

/** Name of an action, `noun:verb`. */
export type Action = keyof typeof actions;

/**
 * Actions that every grant allows, even when its list does not name them: anybody who sees that something is
 * wrong stops the line.
 */
export const everybodys: readonly Action[] = ['cord:pull'];
