import type { Planner } from './queue-simulator.ts';
import { change, changes, partOn, type SmallWorld, wordsOf, worldOf } from './queue-world.ts';

const failed = { 'm+a+b+c+d unit': 'fail' };
const behind = { 'm+a unit': 'run', 'm+a+b+c+d unit': 'fail' };
const cleared = { cleared: 'm' } as const;

/** Worlds that random ones rarely come upon, each with the answer. */
export const rareCases: readonly (readonly [name: string, world: SmallWorld, answer: string])[] = [
  [
    'a first strike leaves the cap alone',
    { queue: changes('abcd', { strikes: 1 }), slots: 1 },
    'run m+a+b+c+d unit',
  ],
  ['a second strike halves the cap', { queue: changes('abcd', { strikes: 2 }), slots: 1 }, 'run m+a+b unit'],
  [
    'a boundary that failed though all of it is cleared here is halved',
    { queue: changes('abcd', cleared), results: failed, slots: 1 },
    'run m+a+b unit',
  ],
  [
    'a boundary with one member that is not cleared steps aside',
    { queue: [...changes('abc', cleared), change('d')], results: failed, slots: 1 },
    '1 strike for a+b | c+d by unit',
  ],
  [
    'a boundary that was cleared on another main steps aside',
    { queue: changes('abcd', { cleared: 'k' }), results: failed, slots: 1 },
    '1 strike for a+b | c+d by unit',
  ],
  [
    'a boundary behind that failed though all of it is cleared here is halved',
    { queue: [change('a'), ...changes('bcd', cleared)], results: behind },
    'run m+a unit, m+a+b+c unit',
  ],
  [
    'cleared changes that have not failed are not halved',
    { queue: changes('abcd', cleared), slots: 1 },
    'run m+a+b+c+d unit',
  ],
  ['a cap is one at least', { queue: changes('ab', { strikes: 2 }), slots: 1, batch: 1 }, 'run m+a unit'],
  [
    'a part is cut with those that could not be tested with the first',
    {
      queue: changes('ab', { part: partOn('m', '1') }),
      conflicts: ['m+a+b'],
      results: { 'm+a unit': 'fail', 'm unit': 'fail fail' },
      brokenGates: ['unit'],
    },
    '0 strike for a | b by unit',
  ],
  ['a submission fails on a main that nobody tested', { suspectGates: ['unit'] }, 'run m unit'],
  [
    'a submission fails on a main that fails, too',
    { suspectGates: ['unit'], results: { 'm unit': 'fail fail' } },
    'm fails unit',
  ],
  [
    'a part that cannot be built on its main moves to the present one, whatever its main has passed',
    { queue: changes('a', { part: partOn('k', '1') }), conflicts: ['k+a'], results: { 'k unit': 'pass' } },
    '0 strike for a by unit',
  ],
];

/** The names of the cases that a planner answers otherwise. */
export const missedCases = (plan: Planner): string[] =>
  rareCases.filter(([, world, answer]) => wordsOf(plan(worldOf(world))) !== answer).map(([name]) => name);
