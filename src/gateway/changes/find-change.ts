import { and, eq } from 'drizzle-orm';
import { fail } from '../../lib/errors.ts';
import type { Session } from '../../store/store.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import { changes } from '../../tasks/schema.ts';

/** A change by its id. Errors: `change.missing`. */
export async function findChange(session: Session, project: string, id: string): Promise<ChangeRow> {
  const [found] = await session.orm
    .select()
    .from(changes)
    .where(and(eq(changes.project, project), eq(changes.id, id)));
  if (found === undefined) throw fail('change.missing', id);
  return found;
}
