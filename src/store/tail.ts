import type { ChainedEvent } from './chain.ts';
import { toChained } from './chainer.ts';
import { type Session, statement } from './store.ts';

const after = statement(
  'events.after',
  `select seq, id, project, type, actor, gid, action, allowed, subject, request_id, at, data, position, hash
   from events where position > $1 and ($2::text is null or project = $2) order by position limit $3`,
);
const latest = statement(
  'events.latest',
  'select coalesce(max(position), 0)::bigint as position from events',
);

/** Placed events after a position, oldest first. */
export async function eventsAfter(
  session: Session,
  position: number,
  project: string | null,
  countMax: number,
): Promise<ChainedEvent[]> {
  const rows = await session.rows<Parameters<typeof toChained>[0]>(after, [position, project, countMax]);
  return rows.map(toChained);
}

/** The highest position given so far. */
export async function latestPosition(session: Session): Promise<number> {
  const [row] = await session.rows<{ position: number }>(latest);
  return row?.position ?? 0;
}
