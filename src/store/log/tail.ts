import { type Session, statement } from '../store.ts';
import type { ChainedEvent, ChainLink, LogHead } from './chain.ts';
import { saidColumns } from './events.ts';
import type { LoggedEvent } from './logged-event.ts';

type Row = LoggedEvent & LogHead<Date> & ChainLink;

const columns = `position, ${saidColumns}, hash`;
// Two statements, so that each has the plan of its own index.
const after = statement(
  'events.after',
  `select ${columns} from events where position > $1 order by position limit $2`,
);
const afterIn = statement(
  'events.afterIn',
  `select ${columns} from events where position > $1 and project = $3 order by position limit $2`,
);
const latest = statement(
  'events.latest',
  'select coalesce(max(position), 0)::bigint as position from events',
);

/** Sequenced events after a position, oldest first. */
export async function eventsAfter(
  session: Session,
  position: number,
  project: string | null,
  countMax: number,
): Promise<ChainedEvent[]> {
  const rows =
    project === null
      ? await session.rows<Row>(after, [position, countMax])
      : await session.rows<Row>(afterIn, [position, countMax, project]);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** The highest position so far. */
export async function latestPosition(session: Session): Promise<number> {
  const [row] = await session.rows<{ position: number }>(latest);
  return row?.position ?? 0;
}
