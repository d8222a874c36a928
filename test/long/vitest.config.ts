import { defineConfig } from 'vitest/config';
import { compiledSources } from '../support/built.ts';
import { shortLived } from '../support/short-lived.ts';

/** Tests that take tens of minutes: `npm run test:long`. */
export default defineConfig({
  plugins: [compiledSources()],
  test: {
    execArgv: ['--enable-source-maps', ...shortLived],
    server: { deps: { external: [/\/andon-built-/] } },
    root: new URL('../..', import.meta.url).pathname,
    // Those of `npm test` that take a number run here with their large one.
    env: { ANDON_TEST_SIZE: 'long' },
    include: [
      'test/long/**/*.test.ts',
      'test/stops/cord-race.test.ts',
      'test/faults/**/*.test.ts',
      'test/policies/measure/eslint.test.ts',
      'test/schedule/cron.test.ts',
      // An hour of events on an open page.
      'test/page/budget.test.ts',
      // Those that take one engine in `npm test`.
      'test/{changes,cli,flows,gateway,hostile}/**/*.test.ts',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 1,
  },
});
