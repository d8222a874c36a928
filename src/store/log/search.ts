import { and, asc, desc, eq, gt, gte, inArray, isNotNull, lt, type SQL, sql } from 'drizzle-orm';
import { events } from '../schema.ts';
import type { Session } from '../store.ts';
import type { ChainedEvent } from './chain.ts';
import type { EventType } from './events.ts';

/** The events that a reader asks for; a member that is absent asks for all. */
export interface EventSearch {
  readonly project?: string | undefined;
  readonly types?: readonly EventType[] | undefined;
  /** `task/cart`; an id whole, or in the short form that people are shown. */
  readonly subject?: string | undefined;
  readonly actor?: string | undefined;
  /** From this time on. */
  readonly since?: Date | undefined;
  /** Before this time. */
  readonly until?: Date | undefined;
  /** Behind this position: the first of them. Without, the last of them. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The events that match, oldest first: those that follow `after`, or the latest ones. */
export async function searchEvents(session: Session, search: EventSearch): Promise<ChainedEvent[]> {
  const order = search.after === undefined ? desc(events.position) : asc(events.position);
  const rows = await session.orm
    .select(columns)
    .from(events)
    .where(and(isNotNull(events.position), ...conditionsOf(search)))
    .orderBy(order)
    .limit(search.limit);
  const found = search.after === undefined ? rows.reverse() : rows;
  return found.map((row) => ({ ...row, at: row.at.toISOString() }) as ChainedEvent);
}

const columns = {
  position: events.position,
  id: events.id,
  project: events.project,
  type: events.type,
  actor: events.actor,
  gid: events.gid,
  action: events.action,
  allowed: events.allowed,
  subject: events.subject,
  requestId: events.requestId,
  at: events.at,
  data: events.data,
  hash: events.hash,
};

const when = <T>(value: T | undefined, condition: (value: T) => SQL): SQL[] =>
  value === undefined ? [] : [condition(value)];

const conditionsOf = ({
  project,
  types,
  subject,
  actor,
  since,
  until,
  after,
  before,
}: EventSearch): SQL[] => [
  ...when(project, (name) => eq(events.project, name)),
  ...when(types, (names) => inArray(events.type, [...names])),
  ...when(subject, about),
  ...when(actor, (name) => eq(events.actor, name)),
  ...when(since, (at) => gte(events.at, at)),
  ...when(until, (at) => lt(events.at, at)),
  ...when(after, (position) => gt(events.position, position)),
  ...when(before, (position) => lt(events.position, position)),
];

const shortForm = /^([a-z]+\/[a-z]{3}_)([0-9a-z]{8})$/;

function about(subject: string): SQL {
  const [, head, tail] = shortForm.exec(subject) ?? [];
  if (head === undefined || tail === undefined) return eq(events.subject, subject);
  return sql`(${events.subject} = ${subject} or (left(${events.subject}, ${head.length}) = ${head} and right(${events.subject}, 8) = ${tail}))`;
}
