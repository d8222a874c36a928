import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Names every file and test that failed, each with the first line of its reason, above the long report. */
export class FailedNames implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) => [
      ...module.errors().map((error) => lineOf(module.relativeModuleId, error)),
      ...[...module.children.allTests('failed')].map(lineOfTest),
    ]);
    if (lines.length > 0) process.stdout.write(`\nfailed:\n${lines.join('')}`);
  }
}

const lineOf = (name: string, error: { readonly message: string } | undefined): string =>
  `  ${name}: ${error?.message.split('\n')[0]?.slice(0, 160) ?? ''}\n`;

const lineOfTest = (test: TestCase): string =>
  lineOf(`${test.module.relativeModuleId} > ${test.fullName}`, test.result().errors?.[0]);
