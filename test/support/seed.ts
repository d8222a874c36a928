/** One seed per test run for every property, printed so that a failure can be repeated: `ANDON_SEED=… npx vitest`. */
export const seed = Number(process.env.ANDON_SEED ?? Date.now() % 2 ** 31);

/** Options of a property: the seed, and the number of cases. */
export function runs(numRuns: number): { seed: number; numRuns: number } {
  console.log(`seed ${seed}, ${numRuns} cases`);
  return { seed, numRuns };
}
