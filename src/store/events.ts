import type { Action } from '../tiers/actions.ts';
import { storable } from './storable.ts';
import { statement, type Tx } from './store.ts';

/** Every type of event, past tense, named once. */
export const eventTypes = [
  'agent.terminated',
  'agent.updated',
  'audit.checked',
  'audit.ended',
  'audit.requested',
  'call.denied',
  'change.approved',
  'change.landed',
  'change.pushed',
  'change.rebuilt',
  'change.refused',
  'change.submitted',
  'cord.cleared',
  'cord.pulled',
  'epoch.raised',
  'gate.ended',
  'gate.passed',
  'gate.started',
  'grant.minted',
  'grant.returned',
  'grant.updated',
  'key.added',
  'key.rotated',
  'landing.intended',
  'landing.voided',
  'lease.expired',
  'log.accepted',
  'message.read',
  'message.sent',
  'phase.opened',
  'plan.applied',
  'project.created',
  'project.synced',
  'question.answered',
  'question.asked',
  'report.written',
  'run.ended',
  'run.requested',
  'run.started',
  'run.stopped',
  'run.taken',
  'sync.diverged',
  'task.abandoned',
  'task.claimed',
  'task.done',
  'task.readied',
  'task.released',
  'task.renewed',
  'task.stolen',
  'token.renewed',
  'token.replayed',
  'token.revoked',
  'trigger.created',
  'trigger.deleted',
  'trigger.delivered',
  'trigger.fired',
  'trigger.held',
  'trigger.missed',
  'trigger.paused',
  'trigger.refused',
  'trigger.resumed',
  'verdict.given',
] as const;

export type EventType = (typeof eventTypes)[number];

/** An event before it is appended. `subject` names what it is about: `task/cart-api`, `change/chg_…`, `grant/gnt_…`. */
export interface EventDraft {
  readonly id: string;
  readonly project: string;
  readonly type: EventType;
  /** The principal, or `gateway` for what Andon does by itself. */
  readonly actor: string;
  readonly gid?: string;
  readonly action?: Action;
  readonly allowed?: boolean;
  readonly subject: string;
  readonly requestId?: string;
  readonly data?: Record<string, unknown>;
}

const append = statement(
  'events.append',
  `insert into events (id, project, type, actor, gid, action, allowed, subject, request_id, data)
   select e->>'id', e->>'project', e->>'type', e->>'actor', e->>'gid', e->>'action', (e->>'allowed')::boolean,
     e->>'subject', e->>'requestId', e->'data'
   from jsonb_array_elements($1::jsonb) with ordinality as given(e, place) order by place`,
);

/** Appends events inside the transaction of their effect, all in one statement that the commit waits for. Positions are given after commit. */
export function appendEvents(tx: Tx, drafts: readonly EventDraft[]): void {
  if (drafts.length === 0) return;
  const rows = drafts.map((draft) => ({ allowed: true, data: {}, ...draft }));
  tx.later(append, [jsonText(rows)]);
}

/** How JSON writes NUL and half a surrogate pair. */
const unstorable = /\\u(?:0000|d[89a-f])/;

/** JSON that PostgreSQL takes as jsonb: NUL and lone surrogates, which jsonb refuses, are written as U+FFFD. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  // A look at every member costs more than writing it.
  if (!unstorable.test(text)) return text;
  return JSON.stringify(value, (_key, held: unknown) => (typeof held === 'string' ? storable(held) : held));
}
