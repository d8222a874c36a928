/** Lines by which programs that run tests say how many have failed. */
const summaries: readonly RegExp[] = [
  // node --test
  /^\s*(?:#|ℹ) fail (\d+)\s*$/gm,
  // vitest, jest
  /^\s*Tests:?\s+(\d+) failed\b/gm,
  // pytest
  /^=*\s*(\d+) failed\b/gm,
  // mocha
  /^\s*(\d+) failing\s*$/gm,
  // cargo
  /^test result: FAILED\. \d+ passed; (\d+) failed;/gm,
  // JUnit's own
  /^Tests run: \d+,\s+Failures: (\d+)/gm,
];
/** Lines of one failed test each: TAP 13 and 14, but for what is to do or left out, and go. */
const singles: readonly RegExp[] = [/^\s*not ok\b(?!.*# (?:TODO|SKIP))/gim, /^\s*--- FAIL:/gm];

const colours = /\u001b\[[0-9;]*m/g;

/**
 * How many tests a command says have failed: none when it ended with 0, whatever it printed; at least one otherwise, and
 * infinitely many where it was cut short or tells no number. What is printed comes from code of the agent, so the largest
 * number counts: printing more cannot make it less.
 */
export function failingTests(output: string, exitCode: number | null): number {
  if (exitCode === 0) return 0;
  if (exitCode === null) return Number.POSITIVE_INFINITY;
  const text = output.replaceAll(colours, '');
  const told = summaries.flatMap((line) => [...text.matchAll(line)].map(([, count]) => Number(count)));
  const most = Math.max(0, ...told, ...singles.map((line) => [...text.matchAll(line)].length));
  return most === 0 ? Number.POSITIVE_INFINITY : most;
}
