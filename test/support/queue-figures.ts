import { planQueue } from '../../src/changes/queue/planner.ts';
import { quantile } from '../bench/support/figures.ts';
import { cpuClock } from './cpu-clock.ts';
import { planEachAgain, planSerially } from './queue-controls.ts';
import { type Planner, QueueSimulation } from './queue-simulator.ts';
import type { SimulatedWorld } from './queue-trees.ts';
import { backlog, steady } from './queue-worlds.ts';

/** A figure of the planner, and what it is held to. Without `limit` it is there to compare with. */
export interface QueueFigure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: { readonly most: number } | { readonly least: number };
}

export const isReached = ({ value, limit }: QueueFigure): boolean =>
  limit === undefined || ('most' in limit ? value <= limit.most : value >= limit.least);

interface Outcome {
  /** Gate times from the first approval to the last landing. */
  readonly rounds: number;
  readonly runs: number;
  readonly landed: readonly string[];
  readonly refused: readonly string[];
  /** Gate times from approval to landing. */
  readonly turnarounds: readonly number[];
}

export function outcomeOf(world: SimulatedWorld, plan: Planner = planQueue): Outcome {
  const simulation = new QueueSimulation(world, plan).run();
  const rows = [...simulation.rows.values()];
  const landed = rows.filter(({ state }) => state === 'landed');
  return {
    rounds: Math.max(...landed.map(({ endedAt }) => endedAt)),
    runs: simulation.figures.started,
    landed: landed.map(({ change }) => change.id),
    refused: rows.filter(({ state }) => state === 'refused').map(({ change }) => change.id),
    turnarounds: landed.map(({ endedAt, change }) => endedAt - change.arrivesAt),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** An all-knowing queue runs no change that fails, and fills its batches: its gate times. */
const oracle = (good: number, batch: number, slots: number): number =>
  Math.ceil(Math.ceil(good / batch) / slots);

const most = (limit: number) => ({ most: limit });

/** 50 changes on 4 slots, of which 5 fail, at other places for each seed. */
export const badBacklog = (seed: number): SimulatedWorld => backlog(50, { seed, bad: 5, slots: 4 });

export const backlogRounds = (plan: Planner, seeds: number): number =>
  mean(Array.from({ length: seeds }, (_, seed) => outcomeOf(badBacklog(seed), plan).rounds));

export function disjointFigures(): QueueFigure[] {
  const one = outcomeOf(backlog(20, { batch: 1 }));
  const eight = outcomeOf(backlog(20));
  const gateTimes = 'gate times';
  return [
    {
      what: '20 disjoint, 2 slots, batch 1',
      value: one.rounds,
      unit: gateTimes,
      limit: most(1.25 * oracle(20, 1, 2)),
    },
    {
      what: '20 disjoint, 2 slots, batch 1: runs a change',
      value: one.runs / 20,
      unit: 'runs',
      limit: most(1),
    },
    {
      what: '20 disjoint, 2 slots, batch 8',
      value: eight.rounds,
      unit: gateTimes,
      limit: most(1.5 * oracle(20, 8, 2)),
    },
    { what: '20 disjoint, 2 slots, batch 8: runs', value: eight.runs, unit: 'runs', limit: most(4) },
  ];
}

export function backlogFigures(seeds: number): QueueFigure[] {
  const found = Array.from({ length: seeds }, (_, seed) => outcomeOf(badBacklog(seed)));
  const rounds = found.map((one) => one.rounds);
  const runs = mean(found.map((one) => one.runs / one.landed.length));
  const what = `50, 4 slots, 5 bad, batch 8, retry 1, ${seeds} seeds`;
  return [
    { what: `${what}: mean`, value: mean(rounds), unit: 'gate times', limit: most(12.5) },
    { what: `${what}: p95`, value: quantile(rounds, 0.95), unit: 'gate times' },
    { what: `${what}: runs a landed change`, value: runs, unit: 'runs', limit: most(1.1) },
    { what: `${what}: oracle`, value: oracle(45, 8, 4), unit: 'gate times' },
  ];
}

export function steadyFigures(duration: SimulatedWorld['duration'], seeds: number): QueueFigure[] {
  const worlds = Array.from({ length: seeds }, (_, seed) => ({ ...steady(400, 4, 0.02, seed), duration }));
  const times = worlds.flatMap((world) => outcomeOf(world).turnarounds);
  const what = `steady, 4 arrivals a gate time, 4 slots, 2 % bad, ${duration} gates`;
  return [
    { what: `${what}: p50`, value: quantile(times, 0.5), unit: 'gate times', limit: most(1.3) },
    { what: `${what}: p95`, value: quantile(times, 0.95), unit: 'gate times', limit: most(4) },
  ];
}

export function controlFigures(): QueueFigure[] {
  const rounds = (batch: number, plan?: Planner): number => outcomeOf(backlog(20, { batch }), plan).rounds;
  const serial = rounds(1, planSerially);
  const again = outcomeOf(backlog(20), planEachAgain);
  return [
    { what: 'one candidate at a time, 20 changes, 2 slots', value: serial, unit: 'gate times' },
    { what: 'against it: batch 8', value: serial / rounds(8), unit: 'times', limit: { least: 8 } },
    { what: 'against it: batch 1', value: serial / rounds(1), unit: 'times', limit: { least: 0.9 * 2 } },
    { what: 'all gated again after each landing, 20, 2 slots', value: again.rounds, unit: 'gate times' },
    { what: 'all gated again after each landing: runs a change', value: again.runs / 20, unit: 'runs' },
  ];
}

/** Processor time of one round of the planner, from the first question to the wishes, with 200 in the queue. */
export function costFigures(): QueueFigure[] {
  const costs: number[] = [];
  let spent = 0;
  let isWhole = true;
  const plan: Planner = (world) => {
    if (spent === 0) isWhole = world.queue.length >= 150;
    const clock = cpuClock();
    const step = planQueue(world);
    spent += clock();
    if (step.do !== 'run') return step;
    if (isWhole) costs.push(spent);
    spent = 0;
    return step;
  };
  outcomeOf(backlog(200, { bad: 10, slots: 4 }), plan);
  return [
    {
      what: '200 in the queue: one round of the planner, p50',
      value: quantile(costs, 0.5),
      unit: 'ms',
      limit: most(5),
    },
    { what: '200 in the queue: one round of the planner, p95', value: quantile(costs, 0.95), unit: 'ms' },
  ];
}
