import { type Session, statement } from '../../src/store/store.ts';

/** Andon's schema as the catalogue has it, one line for each object; only the order of columns is left out. */
export async function schemaOf(session: Session): Promise<string[]> {
  const found = await Promise.all(parts.map((text) => session.rows<{ line: string }>(statement('', text))));
  return found
    .flat()
    .map(({ line }) => line)
    .sort();
}

const here = `current_schema()::regnamespace`;

const parts = [
  `select format('column %s.%s %s%s default %s identity %s generated %s', c.relname, a.attname,
     format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' end,
     coalesce(pg_get_expr(d.adbin, d.adrelid), '-'), a.attidentity, a.attgenerated) as line
   from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
   where c.relnamespace = ${here} and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped`,
  `select format('relation %s kind %s persistence %s options %s', relname, relkind, relpersistence, coalesce(reloptions::text, '-')) as line
   from pg_class where relnamespace = ${here} and relkind <> 'i'`,
  `select format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as line
   from pg_constraint where connamespace = ${here} and contype <> 'n'`,
  `select format('index %s', pg_get_indexdef(i.indexrelid)) as line from pg_index i join pg_class c on c.oid = i.indexrelid
   where c.relnamespace = ${here}`,
  `select format('function %s', pg_get_functiondef(oid)) as line from pg_proc where pronamespace = ${here} and prokind = 'f'`,
  `select format('trigger %s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled) as line
   from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = ${here} and not t.tgisinternal`,
  `select format('type %s %s', t.typname, t.typtype) as line from pg_type t left join pg_class c on c.oid = t.typrelid
   where t.typnamespace = ${here} and t.typtype <> 'b' and (c.oid is null or c.relkind = 'c')`,
];
