import { defineConfig } from 'vitest/config';
import { compiledSources } from '../support/built.ts';
import { ClosingLine } from '../support/closing-line.ts';
import { shortLived } from '../support/short-lived.ts';

/** The tier of other people's programs: they are installed when it runs, so it is no part of `npm test`. */
export default defineConfig({
  plugins: [compiledSources()],
  test: {
    execArgv: ['--enable-source-maps', ...shortLived],
    server: { deps: { external: [/\/andon-built-/] } },
    // Programs of others run in every containment of the machine.
    env: { ANDON_TEST_SIZE: 'long' },
    include: ['test/agents/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    reporters: ['default', new ClosingLine()],
  },
});
