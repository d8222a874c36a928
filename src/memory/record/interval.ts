/** Cases below which a record says nothing but their number. */
export const casesMin = 8;
/** The share of cases to come that an interval is to hold. */
export const level = 0.85;

/** Numbers of cases in words: an interval that the next one falls into, or null for both ends where the cases are too few. */
export interface Estimate {
  /** The number of cases that it comes from. */
  readonly n: number;
  readonly low: number | null;
  readonly middle: number | null;
  readonly high: number | null;
}

/**
 * An interval for the next of exchangeable cases: of n cases the next falls between the a-th and the b-th smallest with
 * probability (b - a) / (n + 1) at least, whatever their distribution is (Wilks 1941; the 0th is 0). The ends are chosen so
 * that this is `level` or the next possible share above it. Values are not negative.
 */
export function estimateOf(values: readonly number[]): Estimate {
  const n = values.length;
  if (n < casesMin) return { n, low: null, middle: null, high: null };
  const sorted = [...values].sort((one, other) => one - other);
  const width = Math.ceil(level * (n + 1));
  const top = Math.min(n, Math.ceil((n + 1 + width) / 2));
  return { n, low: nthOf(sorted, top - width), middle: middleOf(sorted), high: nthOf(sorted, top) };
}

/** The value at a place from 1. */
const nthOf = (sorted: readonly number[], place: number): number => sorted[place - 1] ?? 0;

const middleOf = (sorted: readonly number[]): number => {
  const half = (sorted.length + 1) / 2;
  return (nthOf(sorted, Math.floor(half)) + nthOf(sorted, Math.ceil(half))) / 2;
};
