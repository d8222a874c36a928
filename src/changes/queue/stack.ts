import type { Part, QueuedChange, QueueWorld, TreeName } from './queue.ts';

/** A tree, the changes that its runs are about, and the results of its gates so far. */
export function trialOf(
  world: QueueWorld,
  tree: TreeName,
  members: readonly QueuedChange[],
  gates: string[],
) {
  const tallies = gates.map((gate) => ({ gate, ...world.evidence.tally(tree, gate) }));
  const open = tallies.filter(({ passes }) => passes === 0);
  return {
    tree,
    members,
    open: open.map(({ gate }) => gate),
    // A gate that both failed and passed is flaky, and its pass counts.
    failed: open.find(({ fails }) => fails > 0)?.gate,
    isRunning: tallies.some(({ running }) => running),
    // Boundaries and parts are recognised by this, without a table of them.
    isKnown: tallies.some(({ running, passes, fails }) => running || passes + fails > 0),
  };
}

/** A trial of a part, of a boundary, or of main by itself. */
export type Trial = ReturnType<typeof trialOf> & { readonly part?: Part };

export const idsOf = (changes: readonly QueuedChange[]): string[] => changes.map(({ id }) => id);

export const gatesOf = (changes: readonly QueuedChange[]): string[] => [
  ...new Set(changes.flatMap(({ gates }) => gates)),
];

/** The most changes that share a boundary. A first strike is mostly the fault of somebody else. */
function capOf(batch: number, members: readonly QueuedChange[]): number {
  if (members.some(({ alone }) => alone)) return 1;
  const strikes = Math.max(1, ...members.map((one) => one.strikes));
  return Math.max(1, Math.floor(batch / 2 ** (strikes - 1)));
}

/**
 * Adds changes to the tree `ahead` in their order, each after its needs. One that conflicts is left out. A tree that
 * is known ends the growth, so that nothing is tested again because the queue has grown.
 */
export function grow(world: QueueWorld, ahead: TreeName, queue: readonly QueuedChange[], batch: number) {
  const rest = [...queue];
  const isQueued = (need: string): boolean => world.queue.some(({ id }) => id === need);
  let trial: Trial = trialOf(world, ahead, [], []);
  while (!trial.isKnown) {
    const { changes } = trial.tree;
    const next = rest.find(({ needs }) => needs.every((need) => changes.includes(need) || !isQueued(need)));
    if (next === undefined || trial.members.length >= capOf(batch, [...trial.members, next])) break;
    rest.splice(rest.indexOf(next), 1);
    const tree = { main: ahead.main, changes: [...changes, next.id] };
    if (world.evidence.build(tree) === 'conflict') continue;
    const members = [...trial.members, next];
    trial = trialOf(world, tree, members, gatesOf(members));
  }
  return { trial, rest };
}

/** A tree that failed although each of its members was cleared on this main is tried at half its size. */
function nextBoundary(world: QueueWorld, ahead: TreeName, queue: readonly QueuedChange[]) {
  const whole = grow(world, ahead, queue, world.batch);
  const { members, failed } = whole.trial;
  const isMixture = failed !== undefined && members.every(({ cleared }) => cleared === world.main);
  return isMixture ? grow(world, ahead, queue, Math.ceil(members.length / 2)) : whole;
}

/**
 * The boundaries to test, each on top of the one before; instead of them the first one when it has failed. A tree behind
 * a failed one would hold its culprit: a failed boundary waits beside the stack until what is ahead has landed or gone.
 */
export function stackOf(world: QueueWorld) {
  const boundaries: Trial[] = [];
  let left = world.queue.filter(({ part }) => part === undefined);
  let ahead: TreeName = { main: world.main, changes: [] };
  while (boundaries.filter(({ open }) => open.length > 0).length < world.slots) {
    const { trial, rest } = nextBoundary(world, ahead, left);
    left = rest;
    if (trial.members.length === 0) break;
    if (trial.failed !== undefined && boundaries.length === 0) return { boundaries, failed: trial };
    if (trial.failed !== undefined) continue;
    boundaries.push(trial);
    ahead = trial.tree;
  }
  return { boundaries, failed: undefined };
}
