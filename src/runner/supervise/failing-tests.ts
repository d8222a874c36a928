/** Lines in which test runners report the number of failed tests. */
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
/** Lines of one failed test each: TAP 13 and 14 (except tests marked as to do or skipped), and go. */
const singles: readonly RegExp[] = [/^\s*not ok\b(?!.*# (?:TODO|SKIP))/gim, /^\s*--- FAIL:/gm];

const colours = /\u001b\[[0-9;]*m/g;

/**
 * Number of failed tests of a command: 0 after exit code 0, regardless of the output; otherwise at least 1,
 * and infinitely many when the output was cut short or tells no number. The output comes from code of the
 * agent, so the largest number counts: printing more cannot lower the result.
 */
export function failingTests(output: string, exitCode: number | null): number {
  if (exitCode === 0) return 0;
  if (exitCode === null) return Number.POSITIVE_INFINITY;
  const text = output.replaceAll(colours, '');
  const told = summaries.flatMap((line) => [...text.matchAll(line)].map(([, count]) => Number(count)));
  const most = Math.max(0, ...told, ...singles.map((line) => [...text.matchAll(line)].length));
  return most === 0 ? Number.POSITIVE_INFINITY : most;
}
