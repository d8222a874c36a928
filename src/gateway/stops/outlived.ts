import { clearStop, lockStop } from '../../stops/rows.ts';
import { type Store, statement } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';

const outlived = statement(
  'stops.outlived',
  `select s.id, s.project, t.state from stops s join tasks t on t.project = s.project and t.id = s.scope_value
   where s.cleared_at is null and s.scope_kind = 'task' and s.colour = 'yellow' and s.pulled_by = 'gateway'
     and t.state in ('done', 'abandoned')`,
);

/** Clears the gateway's own yellow stops of tasks that have ended: they hold nothing any more. Called every second. */
export async function clearOutlived(store: Store, systemTransaction: SystemTransaction): Promise<void> {
  const found = await store.rows<{ id: string; project: string; state: string }>(outlived);
  for (const { id, project, state } of found)
    await systemTransaction(project, async (tx) => {
      const stop = await lockStop(tx, project, id);
      const by = { by: 'gateway', why: `its task is ${state}` };
      return { result: undefined, events: stop === undefined ? [] : await clearStop(tx, stop, by) };
    });
}
