/**
 * The vocabulary of the landing queue, shared by the planner, which is pure, and by the worker, which builds trees,
 * runs gates and moves main.
 */

/** A set of members that steps aside to be tested on a main by itself. */
export interface Part {
  readonly id: string;
  /** Main on which the part is tested. When main has moved, the part is tested on the new one. */
  readonly main: string;
}

/** An approved change that nothing holds. A change never gets another commit, so its id names its patch. */
export interface QueuedChange {
  readonly id: string;
  /** Changes of the queue that must land earlier, or earlier in the same swap. */
  readonly needs: readonly string[];
  /** Command gates of its task, in the order of the task; empty when the task has none. */
  readonly gates: readonly string[];
  /** True for a change of steering files: it is tested alone, with a boundary before it. */
  readonly alone: boolean;
  /** Times that a boundary with this change failed. */
  readonly strikes: number;
  readonly part: Part | undefined;
  /** Main on which the part of this change passed; undefined when none did. */
  readonly cleared: string | undefined;
}

/** Names a tree before it is built: a main, and the changes merged on it, in their order. */
export interface TreeName {
  readonly main: string;
  readonly changes: readonly string[];
}

/** Results of one gate on one tree, as the plan declares the gate now. */
export interface GateTally {
  readonly passes: number;
  readonly fails: number;
  /** True while a run of the gate on the tree is waiting or under way. */
  readonly running: boolean;
}

/** Outcome of building a tree. Only a name that was built, or tried, has one. */
export type TreeBuild = 'built' | 'conflict';

/** Everything that is known about trees. Nothing in it is ever deleted because the queue is restacked. */
export interface Evidence {
  /** Results of `gate` on a tree; nothing run yet is zeros. */
  tally(tree: TreeName, gate: string): GateTally;
  /** Undefined when the tree was never tried. A conflict is one of its last change with all that is before it. */
  build(tree: TreeName): TreeBuild | undefined;
}

/** The queue at one moment, as the planner reads it. */
export interface QueueWorld {
  /** Changes in their order: the first is to land first. */
  readonly queue: readonly QueuedChange[];
  /** Most boundaries and parts under test at once. */
  readonly slots: number;
  /** Most changes that one run vouches for. */
  readonly batch: number;
  /** Runs that a part of one gets after its first failure, before it is refused. */
  readonly retry: number;
  readonly main: string;
  readonly evidence: Evidence;
}

/** A run that the planner wishes: one gate on one tree. A tree that is not built yet is built first. */
export interface WishedRun {
  readonly tree: TreeName;
  readonly gate: string;
}

/**
 * Answer of the planner. All but `run` change the queue or its evidence, and the planner is asked again afterwards;
 * `run` holds all that is worth running now, in the order of its worth, and is the end of a round.
 */
export type QueueStep =
  /** These land in one swap, each with a merge commit; every gate of each has passed on `tree`. */
  | { readonly do: 'land'; readonly changes: readonly string[]; readonly tree: TreeName }
  /** This change fails `gate` on a main that passes it. */
  | { readonly do: 'refuse'; readonly change: string; readonly gate: string; readonly tree: TreeName }
  /** This change conflicts with main. */
  | { readonly do: 'conflict'; readonly change: string; readonly tree: TreeName }
  /** These are tested in parts, each on main by itself; each gets `strikes` more. */
  | { readonly do: 'stepAside'; readonly parts: readonly (readonly string[])[]; readonly strikes: 0 | 1 }
  /** The part of these has passed on main: they go to the end of the queue. */
  | { readonly do: 'clear'; readonly changes: readonly string[]; readonly main: string }
  /** Main itself fails `gate`. */
  | { readonly do: 'mainFails'; readonly gate: string; readonly main: string }
  | { readonly do: 'run'; readonly wishes: readonly WishedRun[] };
