import type { StopRow } from '../../stops/stop.ts';
import { inScope, scopeText } from '../../stops/stop-scope.ts';
import { type Session, statement } from '../../store/store.ts';
import { readPlan } from '../../tasks/plan-apply.ts';
import type { HeldThings, WallStop } from './shapes.ts';

const heldMax = 50;

const working = statement(
  'page.heldTasks',
  `select id from tasks where ($1 = '*' or project = $1) and state in ('ready', 'in_progress') order by state desc, position limit 2000`,
);
const running = statement(
  'page.heldRuns',
  `select id, task from runs where ($1 = '*' or project = $1) and state <> 'ended' order by requested_at limit 2000`,
);
const landing = statement(
  'page.heldLandings',
  `select id, task from changes where ($1 = '*' or project = $1) and state in ('approved', 'landing') order by state_at limit 2000`,
);

interface OfTaskRow {
  readonly id: string;
  readonly task: string | null;
}

/** Tasks, runs and landings in the scope of a stop, in one project or in all (`*`): those that it holds, or would hold, at most fifty of each. */
export async function readHeld(
  session: Session,
  project: string,
  { scope, colour, cause }: Pick<StopRow, 'scope' | 'colour' | 'cause'>,
): Promise<HeldThings> {
  const plan = scope.kind === 'workflow' ? await readPlan(session, project) : undefined;
  const isIn = (task: string | null): boolean => inScope(scope, task ?? undefined, plan);
  const [tasks, runs, landings] = await Promise.all([
    session.rows<{ id: string }>(working, [project]),
    session.rows<OfTaskRow>(running, [project]),
    session.rows<OfTaskRow>(landing, [project]),
  ]);
  const held = (rows: readonly OfTaskRow[]) =>
    rows
      .filter(({ task }) => isIn(task))
      .map(({ id }) => id)
      .slice(0, heldMax);
  // Yellow lets work in progress, and what was approved, go on.
  const isRed = colour === 'red' || cause === 'sync';
  return {
    tasks: held(tasks.map(({ id }) => ({ id, task: id }))),
    runs: colour === 'red' ? held(runs) : [],
    landings: isRed ? held(landings) : [],
  };
}

/** A stop as the wall shows it. */
export const shownStop = (stop: StopRow, holds: HeldThings): WallStop => ({
  id: stop.id,
  project: stop.project,
  colour: stop.colour,
  scope: scopeText(stop.scope),
  why: stop.why,
  cause: stop.cause,
  by: stop.pulledBy,
  at: stop.at.toISOString(),
  holds,
});
