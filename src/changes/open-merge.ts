import { columnsOf } from '../store/columns.ts';
import { type Session, statement } from '../store/store.ts';
import type { ChangeRow } from '../tasks/rows.ts';
import { changes } from '../tasks/schema.ts';

const open = statement(
  'merges.open',
  `select ${columnsOf(changes)} from changes where project = $1 and kind = 'sync' and state in ('gating', 'judging', 'approved', 'landing')`,
);

/** The task of a merge: it belongs to none, and may alter any file. */
export const mergeTask = '';
/** The title that it has in lists, beside those of tasks. */
export const mergeTitle = 'the merge of main with the upstream';

/** The change that brings main and the upstream together, while it is open: there is one at most. */
export async function openMerge(session: Session, project: string): Promise<ChangeRow | undefined> {
  const [row] = await session.rows<ChangeRow>(open, [project]);
  return row;
}
