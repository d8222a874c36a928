import { defineConfig } from 'vitest/config';
import { compiledSources } from './test/support/built.ts';
import { ClosingLine } from './test/support/closing-line.ts';
import { FailedNames } from './test/support/failed-names.ts';
import { LongestFirst } from './test/support/longest-first.ts';
import { shortLived } from './test/support/short-lived.ts';

export default defineConfig({
  plugins: [compiledSources()],
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    exclude: ['test/agents/**', 'test/bench/**', 'test/long/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    execArgv: ['--enable-source-maps', ...shortLived],
    sequence: { sequencer: LongestFirst },
    server: { deps: { external: [/\/andon-built-/] } },
    reporters: [new FailedNames(), 'default', new ClosingLine()],
  },
});
