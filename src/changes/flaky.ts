import { type EventDraft, event, gatewayEvent } from '../store/log/events.ts';
import { statement, type Tx } from '../store/store.ts';

const contrary = statement(
  'gates.contrary',
  `select count(*) filter (where status <> $5)::int as other, count(*) filter (where status = $5)::int as same
   from gate_runs where project = $1 and tree = $2 and gate = $3 and definition = $4 and status in ('passed', 'failed')`,
);

/** A run that has just been written down. */
interface WrittenRun {
  readonly project: string;
  readonly tree: string;
  readonly gate: string;
  readonly definition: string | null;
}

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
