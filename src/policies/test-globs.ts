/** Tools that run tests, with the globs of the files that each of them takes for tests by itself. */
export const testGlobs = {
  vitest: ['**/*.test.*', '**/*.spec.*', '**/__tests__/**'],
  jest: ['**/*.test.*', '**/*.spec.*', '**/__tests__/**'],
  mocha: ['test/**', '**/*.test.*', '**/*.spec.*'],
  ava: ['test/**', 'tests/**', '**/*.test.*', '**/__tests__/**'],
  node: ['test/**', '**/*.test.*', '**/*-test.*', '**/*_test.*'],
  playwright: ['**/*.spec.*', '**/*.test.*'],
  pytest: ['**/test_*.py', '**/*_test.py', '**/conftest.py'],
  go: ['**/*_test.go'],
  cargo: ['tests/**', '**/tests/**/*.rs'],
  maven: ['src/test/**', '**/src/test/**'],
} as const satisfies Record<string, readonly string[]>;

/** A tool of the table. */
export type TestTool = keyof typeof testGlobs;

/** Globs of test code where a plan names none: names that mean tests whatever the tool. */
export const defaultTestGlobs: readonly string[] = [
  ...new Set([...testGlobs.vitest, ...testGlobs.pytest, ...testGlobs.go, ...testGlobs.maven]),
];
