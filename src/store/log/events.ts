import { newId } from '../../process/new-id.ts';
import type { Action } from '../../tiers/actions.ts';
import { storable } from '../storable.ts';
import { statement, type Tx } from '../store.ts';
import type { EventData } from './event-data/index.ts';

/** Returns the list, which must name every type of the map and no other; any other list does not compile. */
const everyType = <const List extends readonly (keyof EventData)[]>(
  list: List & ([keyof EventData] extends [List[number]] ? unknown : { missing: keyof EventData }),
): List => list;

/**
 * Every type of event, past tense. A new type is added here and, with its data, to `event-data`. A type that
 * is not emitted any more leaves both: logs that hold it are read and verified on, as events of a later
 * version are.
 */
export const eventTypes = everyType([
  'agent.terminated',
  'agent.updated',
  'audit.ended',
  'audit.requested',
  'briefing.extended',
  'call.denied',
  'change.approved',
  'change.landed',
  'change.pushed',
  'change.rebuilt',
  'change.refused',
  'change.submitted',
  'cord.cleared',
  'cord.pulled',
  'decision.edited',
  'decision.recorded',
  'epoch.raised',
  'gate.ended',
  'gate.flaky',
  'gate.passed',
  'gate.repeated',
  'gate.started',
  'gate.voided',
  'grant.minted',
  'grant.returned',
  'grant.updated',
  'key.rotated',
  'landing.intended',
  'landing.voided',
  'lease.expired',
  'log.accepted',
  'message.read',
  'message.sent',
  'page.ended',
  'page.offered',
  'page.opened',
  'phase.opened',
  'plan.applied',
  'project.created',
  'project.synced',
  'question.answered',
  'question.asked',
  'queue.cleared',
  'queue.held',
  'queue.moved',
  'queue.parted',
  'queue.released',
  'report.written',
  'run.ended',
  'run.loaded',
  'run.requested',
  'run.started',
  'run.stopped',
  'run.taken',
  'setup.failed',
  'solution.described',
  'solution.learned',
  'sync.begun',
  'sync.diverged',
  'sync.renewed',
  'task.abandoned',
  'task.claimed',
  'task.done',
  'task.readied',
  'task.released',
  'task.renewed',
  'task.stolen',
  'token.issued',
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
  'verdict.requested',
] as const);

/** Type of an event of this version. */
export type EventType = (typeof eventTypes)[number];

/** An event: its type, the subject (`task/cart-api`, `change/chg_…`, `grant/gnt_…`), and the data that goes with the type. */
export interface EventOf<Type extends EventType> {
  readonly type: Type;
  readonly subject: string;
  readonly data: EventData[Type];
}

/** The principal, its project and its grant. An event without `allowed` is an allowed one. */
export interface EventHead {
  readonly project: string;
  /** The principal, or `gateway` for actions of Andon itself. */
  readonly actor: string;
  readonly gid?: string;
  readonly action?: Action;
  readonly allowed?: boolean;
  readonly requestId?: string;
}

/** An event of one type before it is appended: head, subject, data, id. */
export interface DraftOf<Type extends EventType> extends EventHead, EventOf<Type> {
  readonly id: string;
}

/** An event before it is appended. */
export type EventDraft = { [Type in EventType]: DraftOf<Type> }[EventType];

/** An event as code emits it: whole, or without its head, which the appender fills in. */
export type EmittedEvent = EventDraft | { [Type in EventType]: EventOf<Type> }[EventType];

type MembersOf<Data> = Data extends unknown ? keyof Data : never;

/** The data of a type, without a member that the type does not have: a variable may not bring one along either. */
export type ExactData<Type extends EventType, Data extends EventData[Type]> = Data & {
  readonly [Member in Exclude<keyof Data, MembersOf<EventData[Type]>>]: never;
};

/**
 * Makes an event. Every event is made here: the data of another type, or a member too few or too many, does
 * not compile.
 */
export const event = <Type extends EventType, Data extends EventData[Type]>(
  type: Type,
  subject: string,
  data: ExactData<Type, Data>,
): EventOf<Type> => ({ type, subject, data });

/** An event with its head, ready to be appended. */
export const draftOf = <Type extends EventType>(
  head: EventHead,
  said: EventOf<Type>,
  id = newId('event'),
): DraftOf<Type> => ({ id, ...head, ...said });

/** An event of Andon itself. */
export const gatewayEvent = <Type extends EventType>(project: string, said: EventOf<Type>): DraftOf<Type> =>
  draftOf({ project, actor: 'gateway' }, said);

/** Fills in the head of an event that has none. */
export const withHead = (head: EventHead, emitted: EmittedEvent): EventDraft => ({
  id: newId('event'),
  ...head,
  ...emitted,
});

const append = statement(
  'events.append',
  `insert into events (id, project, type, actor, gid, action, allowed, subject, request_id, data, at)
   select id, project, type, actor, gid, action, allowed, subject, "requestId", data, (select andon_now())
   from rows from (jsonb_to_recordset($1::jsonb) as (id text, project text, type text, actor text, gid text, action text, allowed boolean, subject text, "requestId" text, data jsonb))
     with ordinality as given(id, project, type, actor, gid, action, allowed, subject, "requestId", data, place) order by place`,
);

/** Every column that belongs to an event, in the order in which readers get them. */
export const saidColumns =
  'id, project, type, actor, gid, action, allowed, subject, request_id as "requestId", at, data';

/**
 * Appends events inside the transaction of their effect, all in one statement that the commit waits for. The
 * sequencer gives positions after the commit.
 */
export function appendEvents(tx: Tx, drafts: readonly EventDraft[]): void {
  if (drafts.length === 0) return;
  const rows = drafts.map((draft) => ({ allowed: true, ...draft }));
  tx.later(append, [jsonText(rows)]);
}

/** The escapes in which JSON writes NUL and half a surrogate pair. */
const unstorable = /\\u(?:0000|d[89a-f])/;

/**
 * Serialises a value as JSON that PostgreSQL takes as jsonb: NUL and lone surrogates, which jsonb refuses,
 * are written as U+FFFD.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  // Visiting every member costs more than writing the text.
  if (!unstorable.test(text)) return text;
  return JSON.stringify(value, (_key, held: unknown) => (typeof held === 'string' ? storable(held) : held));
}
