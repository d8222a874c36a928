import { open } from 'node:fs/promises';
import { fail } from '../../lib/errors.ts';
import { type Session, statement } from '../../store/store.ts';
import { linesOf } from '../lines.ts';

const pageMax = 1000;
// jsonb holds 256 MB at most, and a page is one value of it.
const pageCharactersMax = 16 * 1024 * 1024;

/** Andon's tables, each after the tables that it refers to. Migrations are counted in the manifest instead. */
export async function tablesInOrder(session: Session): Promise<string[]> {
  const names = await session.rows<{ name: string }>(
    statement(
      '',
      `select table_name as name from information_schema.tables
       where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'andon_migrations' order by 1`,
    ),
  );
  const edges = await session.rows<{ child: string; parent: string }>(
    statement(
      '',
      `select conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint
       where contype = 'f' and conrelid <> confrelid and connamespace = 'public'::regnamespace`,
    ),
  );
  const ordered: string[] = [];
  const visit = (name: string): void => {
    if (ordered.includes(name)) return;
    for (const { child, parent } of edges) if (child === name) visit(parent);
    ordered.push(name);
  };
  for (const { name } of names) visit(name);
  return ordered;
}

/** Returns a plain name and refuses any other: names come from the catalogue or from a manifest of unknown origin. */
export function plainName(name: string): string {
  if (/^[a-z][a-z0-9_]{0,62}$/.test(name)) return name;
  throw fail('store.backup', name, { found: 'no name of a table or column' });
}

/**
 * Writes a table as JSON lines; answers the number of rows. Reads in pages by the physical place, inside one
 * transaction.
 */
export async function dumpTable(session: Session, table: string, path: string): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    const name = plainName(table);
    const order = await orderOf(session, name);
    const page = statement(
      '',
      `select row_to_json(t)::text as row from "${name}" t order by ${order} limit $1 offset $2`,
    );
    let count = 0;
    for (;;) {
      const rows = await session.rows<{ row: string }>(page, [pageMax, count]);
      count += rows.length;
      if (rows.length > 0) await file.write(`${rows.map(({ row }) => row).join('\n')}\n`);
      if (rows.length < pageMax) break;
    }
    await file.sync();
    return count;
  } finally {
    await file.close();
  }
}

/** The order of rows: that of the primary key; for grants the order in which they were made, parents first. */
async function orderOf(session: Session, table: string): Promise<string> {
  const rows = await session.rows<{ name: string }>(
    statement(
      '',
      `select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
       where i.indrelid = $1::regclass and i.indisprimary order by array_position(i.indkey::int[], a.attnum::int)`,
    ),
    [table],
  );
  const key = rows.map(({ name }) => `"${plainName(name)}"`).join(', ');
  return table === 'grants' ? `cardinality(lin), created_at, ${key}` : key;
}

/** Reads JSON lines back into a table, in place of its rows; answers the number of rows. */
export async function loadTable(session: Session, table: string, path: string): Promise<number> {
  const name = plainName(table);
  let count = 0;
  let page: string[] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    if (page.length > 0) await insert(session, name, page);
    count += page.length;
    page = [];
    characters = 0;
  };
  for await (const line of linesOf(path)) {
    if (line !== '') page.push(line);
    characters += line.length;
    if (page.length >= pageMax || characters > pageCharactersMax) await flush();
  }
  await flush();
  return count;
}

// Names the columns, so that a column of a later schema gets its default.
async function insert(session: Session, table: string, rows: readonly string[]): Promise<void> {
  const columns = Object.keys(JSON.parse(rows[0] ?? '{}') as object)
    .map((column) => `"${plainName(column)}"`)
    .join(', ');
  await session.rows(
    statement(
      '',
      `insert into "${table}" (${columns}) overriding system value
       select ${columns} from jsonb_populate_recordset(null::"${table}", $1::jsonb)`,
    ),
    [`[${rows.join(',')}]`],
  );
}

/** Sets every identity column behind the highest value that was loaded. */
export async function settleSequences(session: Session): Promise<void> {
  const rows = await session.rows<{ table: string; column: string }>(
    statement(
      '',
      `select table_name as table, column_name as column from information_schema.columns
       where table_schema = 'public' and is_identity = 'YES'`,
    ),
  );
  for (const { table, column } of rows) {
    const [name, key] = [plainName(table), plainName(column)];
    await session.rows(
      statement(
        '',
        `select setval(pg_get_serial_sequence('"${name}"', '${key}'), coalesce(max("${key}"), 0) + 1, false) from "${name}"`,
      ),
    );
  }
}
