import { expect, it } from 'vitest';
import { planQueue } from '../../../src/changes/queue/planner.ts';
import type { QueueStep } from '../../../src/changes/queue/queue.ts';
import { planEachAgain, planSerially } from '../../support/queue-controls.ts';
import { outcomeOf } from '../../support/queue-figures.ts';
import { QueueSimulation, type SimulatedRun } from '../../support/queue-simulator.ts';
import { SimulatedTrees } from '../../support/queue-trees.ts';
import { backlog, randomWorld } from '../../support/queue-worlds.ts';

const moved = {
  moves: [
    { at: 0, breaks: [], conflicts: [] },
    { at: 0.5, breaks: [], conflicts: [] },
  ],
};

it('cancels a run that is not wished any more, and ignores its late result', () => {
  const simulation = new QueueSimulation(backlog(2, moved), planQueue);
  const ended: SimulatedRun[] = [];
  simulation.observer = { ended: (run) => ended.push(run) };
  simulation.run();
  expect(ended.map((run) => [run.tree.main, run.isCancelled])).toEqual([
    ['main-0', true],
    ['main-1', false],
  ]);
  expect(simulation.trees.tally({ main: 'main-0', changes: ['c0', 'c1'] }, 'unit').passes).toBe(0);
  expect([...simulation.rows.values()].map(({ endedAt }) => endedAt)).toEqual([1.5, 1.5]);
});

it('keeps every result of a tree, whatever it is stacked on', () => {
  const trees = new SimulatedTrees(backlog(3));
  const tree = { main: 'main-0', changes: ['c0', 'c1'] };
  trees.build(tree);
  trees.record(tree, 'unit', false);
  trees.record(tree, 'unit', true);
  const next = trees.mainWith('main-0', ['c0']);
  expect(trees.tally({ main: next, changes: ['c1'] }, 'unit')).toEqual({ passes: 1, fails: 1 });
  expect(trees.tally({ main: trees.mainMoved(next), changes: ['c1'] }, 'unit')).toEqual({
    passes: 0,
    fails: 0,
  });
});

it('lands what the oracle passes, and nothing else, under each planner', () => {
  const world = backlog(12, { bad: 3, seed: 5 });
  const good = world.changes.filter(({ breaks }) => breaks.length === 0).map(({ id }) => id);
  for (const plan of [planQueue, planEachAgain, planSerially])
    expect(outcomeOf(world, plan).landed).toEqual(good);
});

it('comes upon every kind of step in random worlds', () => {
  const kinds = new Set<QueueStep['do']>();
  for (let seed = 1; seed <= 60; seed++) {
    const simulation = new QueueSimulation(randomWorld(seed), planQueue);
    simulation.observer = { step: (step) => kinds.add(step.do) };
    simulation.run();
  }
  expect([...kinds].sort()).toEqual(['clear', 'conflict', 'land', 'mainFails', 'refuse', 'run', 'stepAside']);
});
