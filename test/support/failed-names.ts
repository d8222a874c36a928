import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Names every test that failed, each with the first line of why: what follows tells of them at length. */
export class FailedNames implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const failed = modules.flatMap((module) => [...module.children.allTests('failed')]);
    if (failed.length === 0) return;
    process.stdout.write(`\nfailed:\n${failed.map((test) => `  ${lineOf(test)}\n`).join('')}`);
  }
}

function lineOf(test: TestCase): string {
  const [error] = test.result().errors ?? [];
  const why = error?.message.split('\n')[0]?.slice(0, 160) ?? '';
  return `${test.module.relativeModuleId} > ${test.fullName}: ${why}`;
}
