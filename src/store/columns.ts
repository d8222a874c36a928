import { getTableColumns } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

type Name<Table extends PgTable> = keyof Table['$inferSelect'] & string;

/**
 * The columns of a table as a statement of plain SQL selects them, under the names that the table's row type has, all but
 * those left out. With `of`, those of a table that the statement calls so.
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
