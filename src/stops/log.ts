import { type Session, statement } from '../store/store.ts';
import { asStop, stopColumns } from './rows.ts';
import type { StopRow, StoredStop } from './stop.ts';

const all = statement(
  'stops.log',
  `select ${stopColumns}, extract(epoch from cleared_at - at)::float8 as seconds from stops
   where project in ($1, '*') order by at desc, id desc limit $2`,
);
const figures = statement(
  'stops.figures',
  `select count(*)::int as total, count(*) filter (where cleared_at is null)::int as open,
     percentile_cont(0.5) within group (order by extract(epoch from cleared_at - at)::float8) as median
   from stops where project in ($1, '*')`,
);

/** A stop with the seconds that it took to clear it; null while it is open. */
export type LoggedStop = StopRow & { readonly seconds: number | null };

/** The log of stops, with its totals. */
export interface StopLog {
  readonly stops: readonly LoggedStop[];
  readonly total: number;
  readonly open: number;
  /** Median over all cleared stops, not only those shown; null before the first. */
  readonly medianSeconds: number | null;
}

/** The stops of a project and those of all projects, the newest first, at most `limit`. */
export async function readLog(session: Session, project: string, limit: number): Promise<StopLog> {
  const rows = await session.rows<StoredStop & { seconds: number | null }>(all, [project, limit]);
  const [row] = await session.rows<{ total: number; open: number; median: number | null }>(figures, [
    project,
  ]);
  return {
    stops: rows.map(({ seconds, ...rest }) => ({ ...asStop(rest), seconds })),
    total: row?.total ?? 0,
    open: row?.open ?? 0,
    medianSeconds: row?.median ?? null,
  };
}
