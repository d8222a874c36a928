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
    include: ['test/long/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
