import { fail } from '../../lib/errors.ts';
import type { Session } from '../../store/store.ts';
import { type ChangeRow, readChange } from '../../tasks/rows.ts';

/** A change by its id. Errors: `change.missing`. */
export async function findChange(session: Session, project: string, id: string): Promise<ChangeRow> {
  const found = await readChange(session, project, id);
  if (found === undefined) throw fail('change.missing', id);
  return found;
}
