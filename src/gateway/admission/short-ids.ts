import { z } from 'zod';
import { type Statement, type Store, statement } from '../../store/store.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { ProjectInput } from './definitions.ts';
import { id, idOrName } from './inputs.ts';

const wholeLength = 30;
const short = /^[a-z]{3}_[0-9a-z]{4,25}$/;

const named = (table: string, column = 'id'): Statement =>
  statement(
    `ids.${table}`,
    `select ${column} as id from ${table} where project = $1
       and (${column} like $2 || '%' or left(${column}, 4) || right(${column}, 8) = $2) limit 2`,
  );

/** The tables of the kinds of ids that calls name. */
const tables: Readonly<Record<string, Statement>> = {
  aud: named('audits'),
  chg: named('changes'),
  dec: named('decisions'),
  gnt: named('grants', 'gid'),
  msg: named('messages'),
  pag: named('page_sessions'),
  run: named('runs'),
  sol: named('solutions'),
  stp: named('stops'),
};

/** Definitions, which a schema shares with what `describe` makes of it. */
const idDefinitions: ReadonlySet<unknown> = new Set([id.def, idOrName.def]);
const isId = (schema: unknown): boolean => schema instanceof z.ZodType && idDefinitions.has(schema.def);

/** The schema inside of `optional` and `array`. */
function inner(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional) return inner(schema.unwrap());
  return schema instanceof z.ZodArray ? inner(schema.element) : schema;
}

/** The members of an input that are ids. */
export function idMembers(input: z.ZodType): readonly string[] {
  if (!(input instanceof z.ZodObject)) return [];
  return Object.entries(input.shape).flatMap(([name, schema]) => (isId(inner(schema)) ? [name] : []));
}

/**
 * The input with whole ids: a short form (kind and last eight characters), or a beginning, that fits one thing of the
 * project becomes the id of it. Others stay as they are, and the procedure knows nothing of that name. Callers
 * without a right in the project learn nothing: their input stays too.
 */
export async function withWholeIds<Input extends ProjectInput>(
  { store }: { readonly store: Store },
  members: readonly string[],
  { cap }: Grant,
  input: Input,
): Promise<Input> {
  if (cap.project !== '*' && cap.project !== input.project) return input;
  const given = input as Readonly<Record<string, unknown>>;
  const shortened = members.filter((name) => [given[name]].flat().some(isShort));
  if (shortened.length === 0) return input;
  const whole = shortened.map(
    async (name) => [name, await wholeOf(store, input.project, given[name])] as const,
  );
  return { ...input, ...Object.fromEntries(await Promise.all(whole)) };
}

const isShort = (value: unknown): value is string =>
  typeof value === 'string' && value.length < wholeLength && short.test(value);

async function wholeOf(store: Store, project: string, value: unknown): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => wholeOf(store, project, one)));
  const named = isShort(value) ? tables[value.slice(0, 3)] : undefined;
  if (named === undefined) return value;
  const rows = await store.rows<{ id: string }>(named, [project, value]);
  return rows.length === 1 ? rows[0]?.id : value;
}
