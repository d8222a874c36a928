import { getTableColumns } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

type Name<Table extends PgTable> = keyof Table['$inferSelect'] & string;

/**
 * The columns of a table, all but those left out, as a statement of plain SQL selects them under the names of
 * the table's row type. With `of`, the columns of a table under that alias.
 */
export function columnsOf<Table extends PgTable>(
  table: Table,
  leftOut: readonly Name<Table>[] = [],
  of?: string,
): string {
  const prefix = of === undefined ? '' : `${of}.`;
  return Object.entries(getTableColumns(table))
    .filter(([name]) => !(leftOut as readonly string[]).includes(name))
    .map(([name, column]) => `${prefix}${column.name}${column.name === name ? '' : ` as "${name}"`}`)
    .join(', ');
}
