import { and, eq, or, sql } from 'drizzle-orm';
import { fail } from '../../lib/errors.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import { changes } from '../../tasks/schema.ts';
import type { Gateway } from '../services.ts';

/** A change by its id or the short form of it. Errors: `change.missing`. */
export async function findChange(gateway: Gateway, projectName: string, wanted: string): Promise<ChangeRow> {
  const named = or(
    eq(changes.id, wanted),
    sql`left(${changes.id}, 4) || right(${changes.id}, 8) = ${wanted}`,
  );
  const found = await gateway.store.orm
    .select()
    .from(changes)
    .where(and(eq(changes.project, projectName), named))
    .limit(2);
  const [only] = found;
  if (only === undefined || found.length > 1) throw fail('change.missing', wanted);
  return only;
}
