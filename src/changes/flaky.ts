import { type EventDraft, event, gatewayEvent } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';

const contrary = statement(
  'gates.contrary',
  `select count(*) filter (where status <> $5)::int as other, count(*) filter (where status = $5)::int as same
   from gate_runs where project = $1 and tree = $2 and gate = $3 and definition = $4 and status in ('passed', 'failed') and repeats is null`,
);

/** A run that has just been written down. */
interface WrittenRun {
  readonly project: string;
  readonly tree: string;
  readonly gate: string;
  readonly definition: string | null;
}

/** The time for which flaky gates are told of, in days. */
const flakyDays = 30;

/** A gate that has both passed and failed trees, and the number of these trees. */
export interface FlakyGate {
  readonly gate: string;
  readonly trees: number;
}

const counted = statement(
  'gates.flaky',
  `select data->>'gate' as gate, count(*)::int as trees from events
   where project = $1 and subject = 'project/' || $1 and type = 'gate.flaky' and at > (select andon_now()) - $2 * interval '1 day'
   group by 1 order by 2 desc, 1`,
);

/** The gates of a project that both passed and failed one tree lately, the one with most trees first. */
export const readFlaky = (session: Session, project: string): Promise<FlakyGate[]> =>
  session.rows(counted, [project, flakyDays]);

/** The event that a tree has both passed and failed a gate, from the run that shows it first. */
export async function flakyEvents(
  tx: Tx,
  { project, tree, gate, definition }: WrittenRun,
  passed: boolean,
): Promise<EventDraft[]> {
  const status = passed ? 'passed' : 'failed';
  const [row] = await tx.rows<{ other: number; same: number }>(contrary, [
    project,
    tree,
    gate,
    definition,
    status,
  ]);
  if (row === undefined || row.other === 0 || row.same !== 1) return [];
  return [gatewayEvent(project, event('gate.flaky', `project/${project}`, { gate, tree }))];
}
