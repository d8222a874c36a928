import { defineConfig } from 'vitest/config';
import { ClosingLine } from '../support/closing-line.ts';

/** The tier of other people's programs: they are installed when it runs, so it is no part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/agents/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    reporters: ['default', new ClosingLine()],
  },
});
