/**
 * The tests of the containment of untrusted code: gates, runs, the sample. The tests pass in each containment
 * (as root or as an ordinary user, with bubblewrap on the PATH or without), print the parts that they leave
 * out there, and are run once in each: `npx vitest run --config test/support/containment.config.ts`.
 */
export const containmentFiles: readonly string[] = [
  'test/sandbox/containment.test.ts',
  'test/sandbox/machine-limits.test.ts',
  'test/sandbox/remove-tree.test.ts',
  'test/sandbox/run-gate.test.ts',
  'test/runner/live-folder.test.ts',
  'test/runner/prepare/program-copy.test.ts',
  'test/cli/runner/work-folder.test.ts',
  'test/flows/run-containment.test.ts',
  'test/flows/runs.test.ts',
  'test/faults/runner.test.ts',
  'test/examples/till.test.ts',
];
