import type { Part, QueuedChange, QueueWorld, TreeName } from './queue.ts';

/** A tree to be tested, the changes that its runs are about, and the gates that it is to pass. */
export interface Trial {
  /** The part whose members these are; none for a boundary, and for main itself. */
  readonly part?: Part;
  readonly tree: TreeName;
  readonly members: readonly QueuedChange[];
  readonly gates: readonly string[];
}

export const idsOf = (changes: readonly QueuedChange[]): string[] => changes.map(({ id }) => id);

export const gatesOf = (changes: readonly QueuedChange[]): string[] => [
  ...new Set(changes.flatMap(({ gates }) => gates)),
];

const tallies = ({ evidence }: QueueWorld, { tree, gates }: Trial) =>
  gates.map((gate) => ({ gate, ...evidence.tally(tree, gate) }));

/** A gate that both failed and passed on a tree is flaky, and its pass counts. */
export const failedGate = (world: QueueWorld, trial: Trial): string | undefined =>
  tallies(world, trial).find(({ passes, fails }) => fails > 0 && passes === 0)?.gate;

export const openGates = (world: QueueWorld, trial: Trial): string[] =>
  tallies(world, trial).flatMap(({ gate, passes }) => (passes > 0 ? [] : [gate]));

export const isRunning = (world: QueueWorld, trial: Trial): boolean =>
  tallies(world, trial).some(({ running }) => running);

/** True when a gate ran, or runs, on the tree: by that a boundary or a part is recognised, without a table of them. */
export const isKnown = (world: QueueWorld, trial: Trial): boolean =>
  tallies(world, trial).some(({ running, passes, fails }) => running || passes + fails > 0);

/** The most changes that share a boundary. A first strike is mostly the fault of somebody else. */
const capOf = (batch: number, members: readonly QueuedChange[]): number => {
  if (members.some(({ alone }) => alone)) return 1;
  const strikes = Math.max(1, ...members.map((one) => one.strikes));
  return Math.max(1, Math.floor(batch / 2 ** (strikes - 1)));
};

/**
 * Adds changes to the tree `ahead` in their order, each after its needs. One that conflicts is left out. A tree that
 * is known ends the growth, so that nothing is tested again because the queue has grown.
 */
export function grow(world: QueueWorld, ahead: TreeName, queue: readonly QueuedChange[], batch: number) {
  const rest = [...queue];
  let trial: Trial = { tree: ahead, members: [], gates: [] };
  while (!isKnown(world, trial)) {
    const { changes } = trial.tree;
    const isQueued = (need: string): boolean => world.queue.some(({ id }) => id === need);
    const next = rest.find(({ needs }) => needs.every((need) => changes.includes(need) || !isQueued(need)));
    if (next === undefined || trial.members.length >= capOf(batch, [...trial.members, next])) break;
    rest.splice(rest.indexOf(next), 1);
    const tree = { main: ahead.main, changes: [...changes, next.id] };
    if (world.evidence.build(tree) === 'conflict') continue;
    const members = [...trial.members, next];
    trial = { tree, members, gates: gatesOf(members) };
  }
  return { trial, rest };
}

/** A tree that failed although each of its members was cleared on this main is tried at half its size. */
function nextBoundary(world: QueueWorld, ahead: TreeName, queue: readonly QueuedChange[]) {
  const whole = grow(world, ahead, queue, world.batch);
  const { members } = whole.trial;
  const isMixture = members.length > 1 && members.every(({ cleared }) => cleared === world.main);
  if (!isMixture || failedGate(world, whole.trial) === undefined) return whole;
  return grow(world, ahead, queue, Math.ceil(members.length / 2));
}

/**
 * The boundaries to test, each on top of the one before; instead of them the first one when it has failed. A tree behind
 * a failed one would hold its culprit: a failed boundary waits beside the stack until what is ahead has landed or gone.
 */
export function stackOf(world: QueueWorld, queue: readonly QueuedChange[]) {
  const boundaries: Trial[] = [];
  let left = queue.filter(({ part }) => part === undefined);
  let ahead: TreeName = { main: world.main, changes: [] };
  for (let open = 0; open < world.slots; ) {
    const { trial, rest } = nextBoundary(world, ahead, left);
    left = rest;
    if (trial.members.length === 0) break;
    const isFailed = failedGate(world, trial) !== undefined;
    if (isFailed && boundaries.length === 0) return { boundaries, failed: trial };
    if (isFailed) continue;
    boundaries.push(trial);
    ahead = trial.tree;
    if (openGates(world, trial).length > 0) open += 1;
  }
  return { boundaries, failed: undefined };
}
