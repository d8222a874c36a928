import { readStops } from '../../stops/rows.ts';
import { type Session, statement } from '../../store/store.ts';
import { readHeld, shownStop } from './holds.ts';
import type { WallStop } from './shapes.ts';

const everyOpen = statement(
  'page.stoppedProjects',
  'select distinct project from stops where cleared_at is null order by project',
);

/** The open stops of a project, or of all, with what each holds. */
export async function readWallStops(session: Session, name: string): Promise<WallStop[]> {
  const names =
    name === '*' ? (await session.rows<{ project: string }>(everyOpen)).map((one) => one.project) : [name];
  const stops = (await Promise.all(names.map((one) => readStops(session, one)))).flat();
  const once = [...new Map(stops.map((stop) => [stop.id, stop])).values()];
  return Promise.all(
    once.map(async (stop) =>
      shownStop(stop, await readHeld(session, stop.project === '*' ? name : stop.project, stop)),
    ),
  );
}
