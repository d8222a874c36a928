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
    // These only end what hangs: no test proves a time by them.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // Much of the time of a file is waiting: with four, two cores are busy three quarters of the time; with five the whole takes a sixth less.
    maxWorkers: 5,
    // Files share a process, which spares each of them the loading of everything: a quarter of the time of small ones.
    isolate: false,
    execArgv: ['--enable-source-maps', ...shortLived],
    sequence: { sequencer: LongestFirst },
    server: { deps: { external: [/\/andon-built-/] } },
    reporters: [new FailedNames(), 'default', new ClosingLine()],
  },
});
