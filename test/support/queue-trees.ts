import type { GateTally, TreeBuild, TreeName } from '../../src/changes/queue/queue.ts';
import type { OrderRow } from '../../src/changes/queue/queue-order.ts';

/** A change, and what only the oracle knows of it. The unit of time is one run of a gate. */
export interface SimulatedChange {
  readonly id: string;
  readonly gates: readonly string[];
  readonly needs: readonly string[];
  readonly alone: boolean;
  readonly priority: OrderRow['priority'];
  readonly arrivesAt: number;
  /** Gates that every tree with this change fails. */
  readonly breaks: readonly string[];
  /** Gates that a broken main passes with this change. */
  readonly mends: readonly string[];
}

export interface SimulatedWorld {
  readonly seed: number;
  readonly slots: number;
  readonly batch: number;
  readonly retry: number;
  readonly changes: readonly SimulatedChange[];
  /** Two that fail a gate when a tree holds both. */
  readonly pairs: readonly { readonly both: readonly [string, string]; readonly gate: string }[];
  readonly conflicts: readonly (readonly [string, string])[];
  /** Upstream moves: main then fails these gates, and conflicts with these changes. The first is the start. */
  readonly moves: readonly {
    readonly at: number;
    readonly breaks: readonly string[];
    readonly conflicts: readonly string[];
  }[];
  readonly holds: readonly { readonly id: string; readonly from: number; readonly to: number }[];
  /** Shares of runs that end without a result, and that fail for no reason. */
  readonly deaths: number;
  readonly flakes: number;
  /** True when the plan drops, as soon as it has failed, each gate that no change of the part names. */
  readonly isRevised: boolean;
  /** Changes whose tree on the first main passed at submission. */
  readonly proven: readonly string[];
  readonly duration: 'constant' | 'random';
}

/** A world in which nothing is wrong. */
export const quietWorld = {
  seed: 1,
  slots: 2,
  batch: 8,
  retry: 1,
  pairs: [],
  conflicts: [],
  moves: [{ at: 0, breaks: [], conflicts: [] }],
  holds: [],
  deaths: 0,
  flakes: 0,
  isRevised: false,
  proven: [],
  duration: 'constant',
} as const;

/** Results by gate of one content. */
type Tallies = Map<string, { passes: number; fails: number }>;

/** A sequence of merges on an upstream; a main on which changes have landed is the one before with them. */
interface Merge {
  readonly root: number;
  readonly ids: readonly string[];
  readonly next: Map<string, Merge>;
  /** Shared by all merges of the same patches, in whatever order. */
  readonly tallies: Tallies;
  build: TreeBuild | undefined;
}

/** Trees without git: mains and the changes on them, how they build, which gates they pass, what has been run. */
export class SimulatedTrees {
  readonly #world: SimulatedWorld;
  readonly #changes: ReadonlyMap<string, SimulatedChange>;
  readonly #mains = new Map<string, Merge>();
  readonly #contents = new Map<string, Tallies>();

  constructor(world: SimulatedWorld) {
    this.#world = world;
    this.#changes = new Map(world.changes.map((change) => [change.id, change]));
    this.#mains.set('main-0', this.#merge(0, []));
  }

  changeOf(id: string): SimulatedChange {
    return found(this.#changes, id);
  }

  /** The name of the main that this one becomes when these land on it. */
  mainWith(name: string, changes: readonly string[]): string {
    return this.#named(this.#mergeOf({ main: name, changes }));
  }

  /** The name of the main that this one becomes when upstream moves. */
  mainMoved(name: string): string {
    const { root, ids } = found(this.#mains, name);
    return this.#named(this.#merge(root + 1, ids));
  }

  landedOn(main: string): readonly string[] {
    return found(this.#mains, main).ids;
  }

  /** The gate on the tree as the oracle knows it. */
  passes(tree: TreeName, gate: string): boolean {
    const { root, ids } = this.#mergeOf(tree);
    const held = ids.map((id) => this.changeOf(id));
    if (held.some((one) => one.breaks.includes(gate))) return false;
    if (this.#world.pairs.some((pair) => pair.gate === gate && pair.both.every((id) => ids.includes(id))))
      return false;
    return !this.#world.moves[root]?.breaks.includes(gate) || held.some((one) => one.mends.includes(gate));
  }

  /** Builds as the worker does, one change at a time, up to the first that conflicts. */
  build({ main, changes }: TreeName): boolean {
    return changes.every((_, at) => {
      const merge = this.#mergeOf({ main, changes: changes.slice(0, at + 1) });
      merge.build ??= this.#conflicts(merge) ? 'conflict' : 'built';
      return merge.build === 'built';
    });
  }

  buildOf(tree: TreeName): TreeBuild | undefined {
    return this.#mergeOf(tree).build;
  }

  /** Evidence is kept by content: a tree that was never built has none to point to. */
  tally(tree: TreeName, gate: string): Omit<GateTally, 'running'> {
    const { build, tallies } = this.#mergeOf(tree);
    const isBuilt = build === 'built' || tree.changes.length === 0;
    return (isBuilt ? tallies.get(gate) : undefined) ?? { passes: 0, fails: 0 };
  }

  record(tree: TreeName, gate: string, isPass: boolean): void {
    const { passes, fails } = this.tally(tree, gate);
    const tally = isPass ? { passes: passes + 1, fails } : { passes, fails: fails + 1 };
    this.#mergeOf(tree).tallies.set(gate, tally);
  }

  isSame(one: TreeName, other: TreeName): boolean {
    return this.#mergeOf(one).tallies === this.#mergeOf(other).tallies;
  }

  /** True when the last change cannot be merged on those before it. */
  #conflicts({ root, ids }: Merge): boolean {
    const last = ids.at(-1) ?? '';
    const before = ids.slice(0, -1);
    const isWithMain = this.#world.moves[root]?.conflicts.includes(last) === true;
    if (isWithMain || this.changeOf(last).needs.some((need) => !before.includes(need))) return true;
    return this.#world.conflicts.some(
      ([one, other]) => (last === one && before.includes(other)) || (last === other && before.includes(one)),
    );
  }

  #named(merge: Merge): string {
    const name = `main-${this.#mains.size}`;
    this.#mains.set(name, merge);
    return name;
  }

  #mergeOf({ main, changes }: TreeName): Merge {
    let merge = found(this.#mains, main);
    for (const id of changes) {
      const next = merge.next.get(id) ?? this.#merge(merge.root, [...merge.ids, id]);
      merge.next.set(id, next);
      merge = next;
    }
    return merge;
  }

  #merge(root: number, ids: readonly string[]): Merge {
    const content = `${root}:${ids.toSorted().join()}`;
    const tallies = this.#contents.get(content) ?? new Map();
    this.#contents.set(content, tallies);
    return { root, ids, next: new Map(), tallies, build: undefined };
  }
}

export function found<Value>(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value === undefined) throw new Error(`${name} is unknown`);
  return value;
}
