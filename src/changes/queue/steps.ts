import { defined } from '../../lib/defined.ts';
import { noteFailure } from '../../memory/solutions.ts';
import { newId } from '../../process/new-id.ts';
import { pullCord } from '../../stops/rows.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { lockChange } from '../../tasks/rows.ts';
import { gateOf, lastLines, refuseChange } from '../gates.ts';
import type { QueueEntry } from './entries.ts';
import type { StepOf } from './queue.ts';

/** Main as stops and refusals name it. */
export const shortMain = (main: string): string => main.slice(0, 12);

/** The part of an entry that a step changes: a step that another gateway has made already is not made again. */
const unchanged = statement(
  'queue.unchanged',
  `select e.change as id from queue_entries e join changes c on c.id = e.change
     join unnest($2::text[], $3::int[], $4::text[], $5::text[]) was(id, strikes, part, cleared) on was.id = e.change
   where e.project = $1 and c.state = 'approved' and e.strikes = was.strikes and e.part is not distinct from was.part
     and e.cleared is not distinct from was.cleared for update of e`,
);

async function areUnchanged(tx: Tx, project: string, entries: readonly QueueEntry[]): Promise<boolean> {
  const rows = await tx.rows<{ id: string }>(unchanged, [
    project,
    entries.map(({ id }) => id),
    entries.map(({ strikes }) => strikes),
    entries.map(({ part }) => part),
    entries.map(({ cleared }) => cleared),
  ]);
  return rows.length === entries.length;
}

const setAside = statement(
  'queue.aside',
  `update queue_entries set part = $3, part_main = $4, part_gate = $5, strikes = strikes + $6, cleared = null, cleared_at = null
   where project = $1 and change = any($2::text[])`,
);

/** Lets the members of a boundary or part that failed step aside, to be tested in parts on main. */
export async function stepAside(
  tx: Tx,
  project: string,
  main: string,
  { parts, gate, strikes }: StepOf<'stepAside'>,
  entryOf: (id: string) => QueueEntry,
): Promise<EventDraft[]> {
  if (!(await areUnchanged(tx, project, parts.flat().map(entryOf)))) return [];
  for (const part of parts) tx.later(setAside, [project, part, newId('part'), main, gate ?? null, strikes]);
  return [
    gatewayEvent(
      project,
      event('queue.parted', `project/${project}`, { main, parts, strikes, ...defined({ gate }) }),
    ),
  ];
}

const setCleared = statement(
  'queue.cleared',
  `update queue_entries set part = null, part_main = null, part_gate = null, cleared = $3, cleared_at = andon_now(), head_place = null
   where project = $1 and change = any($2::text[])`,
);

/** Sends the members of a part that has passed on main to the end of the queue. */
export async function clearPart(
  tx: Tx,
  project: string,
  { changes, main }: StepOf<'clear'>,
  entryOf: (id: string) => QueueEntry,
): Promise<EventDraft[]> {
  if (!(await areUnchanged(tx, project, changes.map(entryOf)))) return [];
  tx.later(setCleared, [project, changes, main]);
  return [gatewayEvent(project, event('queue.cleared', `project/${project}`, { main, changes }))];
}

const failedRun = statement(
  'queue.failedRun',
  `select exit_code as "exitCode", timed_out as "timedOut", output from gate_runs
   where project = $1 and tree = $2 and gate = $3 and status = 'failed' and repeats is null order by ended_at desc limit 1`,
);

interface FailedRun {
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly output: string;
}

/** Refuses a change that fails a gate on a main that passes it, and tells its maker the end of the gate's output. */
export async function refuseBad(
  tx: Tx,
  entry: QueueEntry,
  { gate, tree: { main } }: StepOf<'refuse'>,
  tree: string,
): Promise<EventDraft[]> {
  const change = await lockChange(tx, entry.project, entry.id);
  if (change?.state !== 'approved' || !(await areUnchanged(tx, entry.project, [entry]))) return [];
  const [run] = await tx.rows<FailedRun>(failedRun, [entry.project, tree, gate]);
  const note = `gate ${gate} failed with this change on main ${shortMain(main)}, which passes it`;
  if (run === undefined) return refuseChange(tx, change, 'gateFailed', note);
  const known = await noteFailure(tx, gateOf(change, gate), run.output);
  return refuseChange(tx, change, 'gateFailed', note, [...lastLines(run), ...known]);
}

const lastGood = statement(
  'queue.lastGood',
  `select l.new_main as main from landings l where l.project = $1 and l.state = 'done'
     and exists (select from gate_runs g where g.id = any(l.vouched_by) and g.gate = $2)
   order by l.ended_at desc, l.position desc limit 1`,
);

/** Tells once, by a yellow stop, that main itself fails a gate; no change is blamed. */
export async function tellMainFails(
  tx: Tx,
  project: string,
  { gate, main }: StepOf<'mainFails'>,
): Promise<readonly EventDraft[]> {
  const [row] = await tx.rows<{ main: string }>(lastGood, [project, gate]);
  const good = row === undefined || row.main === main ? 'none is on record' : shortMain(row.main);
  return pullCord(tx, {
    project,
    colour: 'yellow',
    scope: { kind: 'project', value: '' },
    why: `main fails gate ${gate} at ${shortMain(main)}; last main known to pass it: ${good}`,
    cause: 'main',
    subject: `gate/${gate}`,
    by: 'gateway',
  });
}
