import { type Session, statement } from '../../store/store.ts';
import type { GitPort } from '../git-port.ts';
import type { QueueEntry } from './entries.ts';
import type { TreeName } from './queue.ts';

/** A tree of the queue: built, or a conflict of its last change with all that is before it. */
export interface QueueTree {
  readonly changes: readonly string[];
  readonly tree: string | null;
  /** The commit to check out; null for a conflict. */
  readonly candidate: string | null;
  readonly conflicts: readonly string[];
}

/** The key of a name in maps. */
export const nameKey = ({ main, changes }: TreeName): string => `${main} ${changes.join(' ')}`;

const known = statement(
  'queue.trees',
  'select main, changes, tree, candidate, conflicts from queue_trees where project = $1 and main = any($2::text[])',
);
const put = statement(
  'queue.putTree',
  `insert into queue_trees (project, main, changes, tree, candidate, conflicts) values ($1, $2, $3, $4, $5, $6)
   on conflict do nothing`,
);
const forget = statement(
  'queue.forgetTrees',
  `delete from queue_trees where project = $1 and main <> $2
     and main not in (select part_main from queue_entries where project = $1 and part_main is not null)`,
);

/** The trees on these mains that were built or tried, by their names. Each main itself is one of them. */
export async function readTrees(
  session: Session,
  git: GitPort,
  project: string,
  mains: ReadonlySet<string>,
): Promise<Map<string, QueueTree>> {
  const rows = await session.rows<QueueTree & { readonly main: string }>(known, [project, [...mains]]);
  const trees = new Map<string, QueueTree>(
    rows.map(({ main, ...tree }) => [nameKey({ main, changes: tree.changes }), tree]),
  );
  for (const main of mains) {
    const tree = await git.treeOf(project, main);
    trees.set(nameKey({ main, changes: [] }), { changes: [], tree, candidate: main, conflicts: [] });
  }
  return trees;
}

/** Drops the names of trees on earlier mains, but for those that a part is tested on. Evidence is kept by tree hash, and stays. */
export const forgetTrees = (session: Session, project: string, main: string): Promise<unknown> =>
  session.rows(forget, [project, main]);

const carry = statement(
  'queue.carryTrees',
  `insert into queue_trees (project, main, changes, tree, candidate, conflicts)
   select project, $3, changes[cardinality($4::text[]) + 1:], tree, candidate, '{}' from queue_trees
   where project = $1 and main = $2 and tree is not null and cardinality(changes) > cardinality($4::text[])
     and changes[:cardinality($4::text[])] = $4::text[] on conflict do nothing`,
);

/** A landing that moved main, as trees are named by it. */
interface LandedTree {
  readonly from: string;
  readonly main: string;
  readonly changes: readonly string[];
}

/**
 * Names the trees that were stacked on what has landed by the new main, whose tree is the one that they were stacked on: so
 * no landing costs a merge for each boundary behind it. A conflict is tried anew.
 */
export const carryTrees = (
  session: Session,
  project: string,
  { from, main, changes }: LandedTree,
): Promise<unknown> => session.rows(carry, [project, from, main, changes]);

/** A change whose patch is another one on main than the one that was judged: it is gated and judged anew. */
export interface NewPatch {
  readonly entry: QueueEntry;
  readonly base: string;
  readonly tree: string;
  readonly candidate: string;
}

type BuiltTree = QueueTree & { readonly tree: string; readonly candidate: string };

/** The outcome of building a tree by its name. */
export type TreeOutcome =
  | { readonly is: 'built'; readonly tree: BuiltTree }
  | { readonly is: 'conflict' }
  | { readonly is: 'newPatch'; readonly patch: NewPatch };

/** Parts that building needs. `trees` gets every tree that is built or tried on the way. */
export interface Building {
  readonly session: Session;
  readonly git: GitPort;
  readonly project: string;
  readonly entries: ReadonlyMap<string, QueueEntry>;
  readonly trees: Map<string, QueueTree>;
}

/**
 * Builds a tree by its name, one change after the other, and remembers every prefix. A change merges cleanly when it
 * brings the very patch that was judged, path by path and blob by blob; anything else counts as a conflict with what is
 * ahead of it.
 */
export async function buildTree(building: Building, name: TreeName): Promise<TreeOutcome> {
  const { trees } = building;
  let under: BuiltTree = { ...baseOf(building, name.main), conflicts: [] };
  for (const id of name.changes) {
    const key = nameKey({ main: name.main, changes: [...under.changes, id] });
    const next = trees.get(key) ?? (await buildNext(building, name.main, under, id));
    if ('entry' in next) return { is: 'newPatch', patch: next };
    if (next.tree === null || next.candidate === null) return { is: 'conflict' };
    under = { ...next, tree: next.tree, candidate: next.candidate };
  }
  return { is: 'built', tree: under };
}

/** Main itself, on which the first change is merged. */
const baseOf = ({ trees }: Building, main: string) => {
  const tree = trees.get(nameKey({ main, changes: [] }))?.tree ?? '';
  return { changes: [], tree, candidate: main };
};

async function buildNext(
  building: Building,
  main: string,
  under: { readonly changes: readonly string[]; readonly candidate: string },
  id: string,
): Promise<QueueTree | NewPatch> {
  const { git, project, session, trees, entries } = building;
  const entry = entries.get(id);
  if (entry === undefined) throw new Error(`${id} is not in the queue`);
  const changes = [...under.changes, id];
  const built = await git.rebuild(project, entry.commitId, under.candidate);
  const remember = async (tree: QueueTree): Promise<QueueTree> => {
    await session.rows(put, [project, main, changes, tree.tree, tree.candidate, tree.conflicts]);
    trees.set(nameKey({ main, changes }), tree);
    return tree;
  };
  if ('conflicts' in built)
    return remember({ changes, tree: null, candidate: null, conflicts: built.conflicts.slice(0, 20) });
  const { tree, candidate } = built;
  if (!(await git.samePatch(project, entry, built))) {
    if (under.changes.length === 0) return { entry, base: main, tree, candidate };
    return remember({ changes, tree: null, candidate: null, conflicts: [] });
  }
  await git.keepCandidate(project, queueRefOf(id), candidate);
  return remember({ changes, tree, candidate, conflicts: [] });
}

/** The ref that keeps the latest tree of the queue that ends with a change. */
export const queueRefOf = (change: string): string => `queue-${change}`;
