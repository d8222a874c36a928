import { and, eq, or, sql } from 'drizzle-orm';
import { AndonError, fail } from '../../lib/errors.ts';
import type { Session, Tx } from '../../store/store.ts';
import { type ChangeRow, lockChange } from '../../tasks/rows.ts';
import { changes } from '../../tasks/schema.ts';

/** A change by its id or the short form of it. Errors: `change.missing`. */
export async function findChange(session: Session, projectName: string, wanted: string): Promise<ChangeRow> {
  const named = or(
    eq(changes.id, wanted),
    sql`left(${changes.id}, 4) || right(${changes.id}, 8) = ${wanted}`,
  );
  const found = await session.orm
    .select()
    .from(changes)
    .where(and(eq(changes.project, projectName), named))
    .limit(2);
  const [only] = found;
  if (only === undefined || found.length > 1) throw fail('change.missing', wanted);
  return only;
}

/** A change by its id or the short form of it, locked until the transaction ends; undefined when there is none. */
export async function lockNamedChange(
  tx: Tx,
  projectName: string,
  wanted: string,
): Promise<ChangeRow | undefined> {
  const found = await findChange(tx, projectName, wanted).catch((error: unknown) => {
    if (error instanceof AndonError) return undefined;
    throw error;
  });
  return found === undefined ? undefined : lockChange(tx, projectName, found.id);
}
