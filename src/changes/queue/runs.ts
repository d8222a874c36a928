import { newId } from '../../process/new-id.ts';
import { type Session, statement, type Tx } from '../../store/store.ts';
import { gateDefinition, type NamedGate } from '../gates.ts';
import type { GateTally, WishedRun } from './queue.ts';

/** Names what a run is evidence of: a tree, a gate, and the gate's definition. */
const evidenceKey = (tree: string, gate: string, definition: string): string =>
  `${tree} ${gate} ${definition}`;

interface TallyRow extends GateTally {
  readonly tree: string;
  readonly gate: string;
  readonly definition: string;
}

const tallies = statement(
  'queue.tallies',
  `select tree, gate, definition,
     count(*) filter (where status = 'passed')::int as passes, count(*) filter (where status = 'failed' and repeats is null)::int as fails,
     coalesce(bool_or(change is null and repeats is null and status in ('waiting', 'running')), false) as running
   from gate_runs where project = $1 and not manual and definition is not null and tree = any($2::text[])
   group by tree, gate, definition`,
);

/** Results by tree, gate and definition: those of submissions count as much as those of the queue. */
export async function readTallies(
  session: Session,
  project: string,
  trees: Iterable<string>,
): Promise<(tree: string, gate: NamedGate) => GateTally> {
  const rows = await session.rows<TallyRow>(tallies, [project, [...new Set(trees)]]);
  const found = new Map(rows.map((row) => [evidenceKey(row.tree, row.gate, row.definition), row]));
  return (tree, { name, gate }) => found.get(evidenceKey(tree, name, gateDefinition(gate))) ?? nothing;
}

const nothing: GateTally = { passes: 0, fails: 0, running: false };

/** A run that is to go on or begin: a wish whose tree is built. */
export interface BuiltWish {
  readonly wish: WishedRun;
  readonly tree: string;
  readonly candidate: string;
  readonly definition: string;
  readonly gate: NamedGate;
  /** Results that the tree had of the gate when the wish was made. */
  readonly results: number;
}

/** Results of a gate on a tree. */
export const resultsOf = ({ passes, fails }: GateTally): number => passes + fails;

interface Unfinished {
  readonly id: string;
  readonly tree: string;
  readonly gate: string;
  readonly definition: string;
  readonly rank: number;
}

const unfinished = statement(
  'queue.unfinished',
  `select id, tree, gate, definition, rank from gate_runs
   where project = $1 and change is null and repeats is null and status in ('waiting', 'running') order by rank, id`,
);
const cancel = statement('queue.cancel', 'delete from gate_runs where id = any($1::text[])');
const ranks = statement(
  'queue.ranks',
  `update gate_runs g set rank = n.rank from unnest($1::text[], $2::int[]) n(id, rank) where g.id = n.id and g.rank <> n.rank`,
);
const add = statement(
  'queue.add',
  `insert into gate_runs (id, project, gate, tree, manual, status, definition, candidate, changes, rank)
   values ($1, $2, $3, $4, false, 'waiting', $5, $6, $7, $8)`,
);

/** The runs of the queue that wait or are under way, in their order. */
export const readUnfinished = (session: Session, project: string): Promise<Unfinished[]> =>
  session.rows<Unfinished>(unfinished, [project]);

const keyOf = ({ tree, gate, definition }: Omit<Unfinished, 'id' | 'rank'>): string =>
  evidenceKey(tree, gate, definition);

/** True when the runs are exactly those wished, in that order. */
export const isAsWished = (runs: readonly Unfinished[], wishes: readonly BuiltWish[]): boolean =>
  runs.length === wishes.length && runs.every((run, place) => keyOf(run) === keyOfWish(wishes[place]));

const keyOfWish = (wish: BuiltWish | undefined): string =>
  wish === undefined ? '' : evidenceKey(wish.tree, wish.wish.gate, wish.definition);

/**
 * Makes the runs of the queue those that are wished, in that order: keeps what is, adds what is missing, and drops the
 * rest. The result of a dropped run changes nothing. A wish whose run has ended since it was made is void: the next round
 * knows the result. The caller holds the project's lock.
 */
export async function syncRuns(tx: Tx, project: string, wishes: readonly BuiltWish[]): Promise<void> {
  const runs = await readUnfinished(tx, project);
  const byKey = new Map(runs.map((run) => [keyOf(run), run]));
  const kept = new Set<string>();
  const places: [id: string, rank: number][] = [];
  const missing: [one: BuiltWish, rank: number][] = [];
  for (const [rank, one] of wishes.entries()) {
    const run = byKey.get(keyOfWish(one));
    if (run === undefined) {
      missing.push([one, rank]);
      continue;
    }
    kept.add(run.id);
    places.push([run.id, rank]);
  }
  if (missing.length > 0) await addRuns(tx, project, missing);
  const dropped = runs.flatMap(({ id }) => (kept.has(id) ? [] : [id]));
  if (dropped.length > 0) tx.later(cancel, [dropped]);
  if (places.length > 0) tx.later(ranks, [places.map(([id]) => id), places.map(([, rank]) => rank)]);
}

async function addRuns(
  tx: Tx,
  project: string,
  missing: readonly (readonly [one: BuiltWish, rank: number])[],
): Promise<void> {
  const tallyOf = await readTallies(
    tx,
    project,
    missing.map(([{ tree }]) => tree),
  );
  for (const [{ wish, tree, candidate, definition, gate, results }, rank] of missing) {
    if (resultsOf(tallyOf(tree, gate)) > results) continue;
    const named = [newId('gate'), project, wish.gate, tree, definition, candidate];
    tx.later(add, [...named, wish.tree.changes, rank]);
  }
}

/** The runs that let a tree pass: the latest of each gate that asks for one. */
const vouching = statement(
  'queue.vouching',
  `select distinct on (gate) id, gate from gate_runs
   where project = $1 and tree = $2 and status = 'passed' and not manual and (gate, definition) in
     (select * from unnest($3::text[], $4::text[])) order by gate, ended_at desc`,
);

/** Ids of the runs on a tree that vouch for its gates, as these are declared. Undefined when a gate has none. */
export async function vouchersOf(
  session: Session,
  project: string,
  tree: string,
  gates: readonly NamedGate[],
): Promise<string[] | undefined> {
  if (gates.length === 0) return [];
  const rows = await session.rows<{ id: string; gate: string }>(vouching, [
    project,
    tree,
    gates.map(({ name }) => name),
    gates.map(({ gate }) => gateDefinition(gate)),
  ]);
  return rows.length === gates.length ? rows.map(({ id }) => id) : undefined;
}
