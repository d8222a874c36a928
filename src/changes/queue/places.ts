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

/** Gives a change a place, 1 for the first, in an order of ids: it and all before it keep their places from now on. */
export async function moveInQueue(
  tx: Tx,
  { id }: ChangeRow,
  to: number,
  order: readonly string[],
): Promise<void> {
  const others = order.filter((one) => one !== id);
  const pinned = [...others.slice(0, to - 1), id];
  await tx.rows(place, [pinned]);
}

const head = statement(
  'queue.head',
  `update queue_entries e set head_place = array_position($2::text[], e.change) - 1 where e.project = $1
     and e.head_place is distinct from array_position($2::text[], e.change) - 1`,
);

/** Places the changes that are under test, so that newcomers join behind them. */
export const placeHead = (tx: Tx, project: string, changes: readonly string[]): void =>
  tx.later(head, [project, changes]);
