import {
  backlogFigures,
  controlFigures,
  costFigures,
  disjointFigures,
  isReached,
  type QueueFigure,
  steadyFigures,
} from '../support/queue-figures.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

function goalOf({ unit, limit }: QueueFigure): string | undefined {
  if (limit === undefined) return undefined;
  return 'most' in limit ? `at most ${limit.most} ${unit}` : `at least ${limit.least} ${unit}`;
}

function rowOf(figure: QueueFigure): BenchRow {
  const { what, value, unit } = figure;
  const row = { what, value: `${value.toFixed(2)} ${unit}` };
  const goal = goalOf(figure);
  return goal === undefined ? row : { ...row, goal, ok: isReached(figure) };
}

/** The planner of the landing queue in a simulator, beside an all-knowing queue and the queues that it replaces. */
export async function run(): Promise<BenchTable> {
  const figures = [
    ...disjointFigures(),
    ...backlogFigures(200),
    ...steadyFigures('random', 10),
    ...steadyFigures('constant', 10),
    ...costFigures(),
    ...controlFigures(),
  ];
  return { title: 'queue', rows: figures.map(rowOf) };
}

await runWhenMain(import.meta.url, run);
