import { casesMin, level } from './interval.ts';

/** Cases, and those of them that passed. */
export interface Passed {
  readonly n: number;
  readonly passed: number;
}

/** A share as it is known from cases: its mean and an interval that holds it with probability 0.85; null where the cases are too few. */
export interface Share {
  readonly n: number;
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** A difference of two shares: its mean, an interval that holds it with probability 0.85, and the probability that it is positive. */
export interface Difference {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly positive: number;
}

const cells = 200;
const tail = (1 - level) / 2;

/** The posterior of a share under an even prior, Beta(passed + 1, failed + 1), in cells of equal width from 0 to 1. */
function posterior({ n, passed }: Passed): number[] {
  const logs = Array.from({ length: cells }, (_one, cell) => {
    const share = (cell + 0.5) / cells;
    return passed * Math.log(share) + (n - passed) * Math.log(1 - share);
  });
  const most = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The place below which so much of a distribution over cells lies, in cells. */
function quantile(weights: readonly number[], share: number): number {
  let sum = 0;
  for (const [cell, weight] of weights.entries()) {
    if (sum + weight >= share) return cell + (share - sum) / weight;
    sum += weight;
  }
  return weights.length;
}

/** The share that passes. */
export function shareOf(of: Passed): Share {
  if (of.n < casesMin) return { n: of.n, mean: null, low: null, high: null };
  const weights = posterior(of);
  const [low, high] = [tail, 1 - tail].map((share) => quantile(weights, share) / cells);
  return { n: of.n, mean: (of.passed + 1) / (of.n + 2), low: low ?? 0, high: high ?? 1 };
}

/** The share of one group less that of another; undefined where either has too few cases. */
export function differenceOf(one: Passed, other: Passed): Difference | undefined {
  if (one.n < casesMin || other.n < casesMin) return undefined;
  const [ours, theirs] = [posterior(one), posterior(other)];
  // A difference of d cells has its weight at d + cells - 1.
  const weights = new Array<number>(2 * cells - 1).fill(0);
  for (const [a, weight] of ours.entries())
    for (const [b, against] of theirs.entries()) {
      const place = a - b + cells - 1;
      weights[place] = (weights[place] ?? 0) + weight * against;
    }
  const at = (share: number): number => (quantile(weights, share) - cells + 0.5) / cells;
  const equal = (weights[cells - 1] ?? 0) / 2;
  const positive = weights.slice(cells).reduce((sum, weight) => sum + weight, equal);
  const mean = (one.passed + 1) / (one.n + 2) - (other.passed + 1) / (other.n + 2);
  return { mean, low: at(tail), high: at(1 - tail), positive };
}
