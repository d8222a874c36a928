import type { EventDraft } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { statement } from '../../store/store.ts';
import { finishGate } from './finish.ts';
import { lockGateRun } from './hold.ts';

const drop = statement('slots.dropStale', 'delete from gate_runs where id = $1');

/**
 * Ends the waiting runs that nobody can carry out, since the plan has changed: a change whose gate is no command any more
 * is refused; what the queue wished, or a person wanted repeated, is dropped.
 */
export async function dropStale(tx: Tx, project: string, ids: readonly string[]): Promise<EventDraft[]> {
  const events: EventDraft[] = [];
  for (const id of ids) {
    const run = await lockGateRun(tx, project, id);
    if (run === undefined) continue;
    if (run.change === null) {
      await tx.rows(drop, [id]);
      continue;
    }
    const output = `gate ${run.gate} is no longer a command of the plan`;
    const result = {
      passed: false,
      exitCode: null,
      ms: 0,
      output,
      containment: 'none',
      timedOut: false,
    } as const;
    events.push(...(await finishGate(tx, { run, declared: undefined, result, retry: 0 })));
  }
  return events;
}
