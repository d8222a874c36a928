/**
 * The vocabulary of the landing queue, shared by the planner, which is pure, and by the worker, which builds trees,
 * runs gates and moves main.
 */

/** A set of members that steps aside to be tested on a main by itself. */
export interface Part {
  readonly id: string;
  /** Main on which the part is tested; a part without a run on it is tested on the present one. */
  readonly main: string;
  /** Gate that made its members step aside; undefined when the plan declares it no longer. The part runs it first. */
  readonly gate: string | undefined;
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
  /** Main on which the part of this change was last found free of blame; undefined when it never was. */
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
  /**
   * Gates for which a stop is open, because a main failed them. When one is cleared, the evidence counts the failures
   * of that main from then on only: the same ones would else be told again at once.
   */
  readonly brokenGates: readonly string[];
  /** Gates that only failed on this main, for several tasks: main gets runs of its own, which tell whose fault it is. */
  readonly suspectGates: readonly string[];
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
  /**
   * These land in one swap, each with a merge commit; every gate of each has passed on `tree`. Changes without gates
   * may land on a tree that is not built yet: when it turns out to conflict, the planner is asked again.
   */
  | { readonly do: 'land'; readonly changes: readonly string[]; readonly tree: TreeName }
  /** This change fails `gate` on a main that passes it. */
  | { readonly do: 'refuse'; readonly change: string; readonly gate: string; readonly tree: TreeName }
  /** This change conflicts with main. */
  | { readonly do: 'conflict'; readonly change: string; readonly tree: TreeName }
  /**
   * These failed `gate`, and are tested in parts, each on the present main by itself; each gets `strikes` more. One
   * part and no strike is a part that moves to the present main, before its first run.
   */
  | {
      readonly do: 'stepAside';
      readonly parts: readonly (readonly string[])[];
      readonly gate: string | undefined;
      readonly strikes: 0 | 1;
    }
  /** The part of these has passed on `main`, or `main` itself was at fault: they go to the end of the queue. */
  | { readonly do: 'clear'; readonly changes: readonly string[]; readonly main: string }
  /** Main itself fails `gate`. */
  | { readonly do: 'mainFails'; readonly gate: string; readonly main: string }
  | {
      readonly do: 'run';
      readonly wishes: readonly WishedRun[];
      /** The head of the queue up to the last change that is under test in the stack: a newcomer joins behind it. */
      readonly head: readonly string[];
    };

/** The answer of one kind. */
export type StepOf<Kind extends QueueStep['do']> = Extract<QueueStep, { readonly do: Kind }>;
