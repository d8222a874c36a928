import { defineConfig } from 'vitest/config';

/** What takes tens of minutes: `npm run test:long`. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/long/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
