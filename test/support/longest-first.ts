import { relative, resolve } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = resolve(import.meta.dirname, '../..');

/** Test files that take longest, the longest first. Only time depends on the list. */
const long = [
  'test/faults/random.test.ts',
  'test/faults/kill.test.ts',
  'test/flows/runs.test.ts',
  'test/faults/triggers.test.ts',
  'test/stops/cord-race.test.ts',
  'test/flows/real-repositories.test.ts',
  'test/examples/till-triggers.test.ts',
  'test/faults/pause.test.ts',
  'test/examples/till.test.ts',
  'test/flows/packed.test.ts',
  'test/faults/runner.test.ts',
  'test/faults/start-stop.test.ts',
  'test/faults/full-disk.test.ts',
  'test/docs/pages.test.ts',
  'test/flows/readme-walk.test.ts',
  'test/faults/postgres.test.ts',
  'test/cli/backup.test.ts',
  'test/policies/measure/eslint.test.ts',
  'test/cli/up.test.ts',
  'test/changes/landing.test.ts',
  'test/faults/five-gateways.test.ts',
  'test/schedule/cron.test.ts',
];

/**
 * Runs long files first, so that both workers are busy to the end, and the rest in vitest's order. A file
 * that turns out to be long belongs into the list.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = long.indexOf(relative(root, moduleId).replaceAll('\\', '/'));
      return found < 0 ? long.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
