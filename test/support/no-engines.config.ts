import { defineConfig } from 'vitest/config';

/** The tests that need no database: they run without starting one. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    testTimeout: 60_000,
    include: [
      'test/architecture.test.ts',
      'test/comments.test.ts',
      'test/words.test.ts',
      'test/page/markup.test.ts',
    ],
  },
});
