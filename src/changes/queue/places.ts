import { statement, type Tx } from '../../store/store.ts';
import type { ChangeRow } from '../../tasks/rows.ts';

const hold = statement(
  'queue.hold',
  'update queue_entries set held_by = $2, held_why = $3 where change = $1',
);
const release = statement(
  'queue.release',
  'update queue_entries set held_by = null, held_why = null where change = $1',
);
const place = statement(
  'queue.place',
  `update queue_entries e set position = n.position from unnest($1::text[]) with ordinality n(change, position) where e.change = n.change`,
);

/** Keeps a change from landing until it is released. */
export const holdInQueue = (
  tx: Tx,
  { id }: ChangeRow,
  { by, why }: { readonly by: string; readonly why: string },
): void => tx.later(hold, [id, by, why]);

/** Lets a held change land. */
export const releaseInQueue = (tx: Tx, { id }: ChangeRow): void => tx.later(release, [id]);

const pinned = statement(
  'queue.pinned',
  'select change from queue_entries where project = $1 and position is not null order by position, change',
);

/**
 * Gives a change a place, 1 for the first, in the order of ids that people see. It and all before it keep their places
 * from now on, as those do that were given one before, held ones too; further ones are ordered as ever.
 */
export async function moveInQueue(
  tx: Tx,
  { id, project }: ChangeRow,
  to: number,
  order: readonly string[],
): Promise<void> {
  const rows = await tx.rows<{ change: string }>(pinned, [project]);
  await tx.rows(place, [
    pinnedAfter(
      rows.map(({ change }) => change),
      order,
      id,
      to,
    ),
  ]);
}

/** The changes with places of their own, in order, once a person has moved one to a place of the order. */
export function pinnedAfter(
  before: readonly string[],
  order: readonly string[],
  moved: string,
  to: number,
): string[] {
  const others = order.filter((one) => one !== moved);
  const kept = before.filter((one) => one !== moved);
  const all = [...kept, ...others.filter((one) => !kept.includes(one))];
  const ahead = others.slice(0, to - 1).at(-1);
  const at = ahead === undefined ? 0 : all.indexOf(ahead) + 1;
  return [...all.slice(0, at), moved, ...all.slice(at)].slice(0, Math.max(at, kept.length) + 1);
}

const head = statement(
  'queue.head',
  `update queue_entries e set head_place = array_position($2::text[], e.change) - 1 where e.project = $1
     and e.head_place is distinct from array_position($2::text[], e.change) - 1`,
);

/** Places the changes that are under test, so that newcomers join behind them. */
export const placeHead = (tx: Tx, project: string, changes: readonly string[]): void =>
  tx.later(head, [project, changes]);
