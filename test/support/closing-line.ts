import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line that any program can read: `N passed, N failed, N skipped`. */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    // A file that could not be loaded has no tests to count.
    const broken = modules.filter((module) => module.state() === 'failed' && count('failed') === 0).length;
    const counts = [`${count('passed')} passed`, `${count('failed') + broken} failed`];
    process.stdout.write(`\n${[...counts, `${count('skipped')} skipped`].join(', ')}\n`);
  }
}
