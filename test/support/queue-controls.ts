import type { QueueStep, QueueWorld, TreeName } from '../../src/changes/queue/queue.ts';

/** Trees of the controls hold one change each; one that fails is refused at once, as nothing is retried. */
function judged(
  world: QueueWorld,
  ids: readonly string[],
): { step?: QueueStep; open: TreeName[]; passed: TreeName[] } {
  const open: TreeName[] = [];
  const passed: TreeName[] = [];
  for (const { id, gates } of world.queue.filter((one) => ids.includes(one.id))) {
    const tree = { main: world.main, changes: [id] };
    const tallies = gates.map((gate) => ({ gate, ...world.evidence.tally(tree, gate) }));
    const failed = tallies.find(({ passes, fails }) => fails > 0 && passes === 0);
    if (failed) return { step: { do: 'refuse', change: id, gate: failed.gate, tree }, open, passed };
    if (tallies.some(({ passes }) => passes === 0)) open.push(tree);
    else passed.push(tree);
  }
  return { open, passed };
}

function answer(world: QueueWorld, ids: readonly string[]): QueueStep {
  const { step, open, passed } = judged(world, ids);
  if (step) return step;
  const [tree] = passed;
  if (tree && open.length === 0) return { do: 'land', changes: tree.changes, tree };
  const gatesOf = (id: string): readonly string[] => world.queue.find((one) => one.id === id)?.gates ?? [];
  const wishes = open.flatMap((one) => gatesOf(one.changes.join()).map((gate) => ({ tree: one, gate })));
  return { do: 'run', wishes, head: [] };
}

/** A queue without a planner: each landing sends all others through their gates, and one lands at a time. */
export const planEachAgain = (world: QueueWorld): QueueStep =>
  answer(
    world,
    world.queue.map(({ id }) => id),
  );

/** One candidate at a time, on main. */
export const planSerially = (world: QueueWorld): QueueStep =>
  answer(
    world,
    world.queue.slice(0, 1).map(({ id }) => id),
  );
