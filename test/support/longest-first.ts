import { relative, resolve } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = resolve(import.meta.dirname, '../..');

/** Test files that take longest, the longest first. Only time depends on the list. */
const long = [
  'test/changes/queue/pressure.test.ts',
  'test/faults/kill.test.ts',
  'test/flows/packed.test.ts',
  'test/page/budget.test.ts',
  'test/faults/soak.test.ts',
  'test/faults/full-disk.test.ts',
  'test/examples/till-fleet.test.ts',
  'test/faults/kill-batch.test.ts',
  'test/faults/random.test.ts',
  'test/docs/pages.test.ts',
  'test/flows/gate-setups.test.ts',
  'test/hostile/languages.test.ts',
  'test/faults/start-stop.test.ts',
  'test/hostile/log-end.test.ts',
  'test/faults/gate-runner.test.ts',
  'test/faults/upgrade-landing.test.ts',
  'test/faults/runner.test.ts',
  'test/cli/up.test.ts',
  'test/tasks/claim-race.test.ts',
  'test/examples/prices.test.ts',
  'test/page/session.test.ts',
  'test/store/upgrade.test.ts',
  'test/examples/shelf.test.ts',
  'test/examples/till-triggers.test.ts',
  'test/page/screens.test.ts',
  'test/page/reached.test.ts',
  'test/faults/postgres.test.ts',
  'test/gateway/projects/merge.test.ts',
  'test/examples/till.test.ts',
  'test/flows/runs.test.ts',
  'test/flows/pools.test.ts',
  'test/cli/up-again.test.ts',
  'test/hostile/git-push.test.ts',
  'test/changes/queue/batches.test.ts',
  'test/page/states.test.ts',
  'test/changes/queue/mutants.test.ts',
  'test/cli/loop-watch/loop-watch.test.ts',
  'test/hostile/impostor.test.ts',
  'test/faults/triggers.test.ts',
  'test/faults/pause-batch.test.ts',
  'test/faults/pause.test.ts',
  'test/gateway/changes/gate-follow.test.ts',
  'test/faults/five-gateways.test.ts',
  'test/page/pictures.test.ts',
  'test/cli/adopt.test.ts',
  'test/schedule/cron.test.ts',
  'test/flows/upstream-runners.test.ts',
  'test/analysis/analyser.test.ts',
  'test/sandbox/machine-limits.test.ts',
  'test/gateway/memory/solutions.test.ts',
  'test/hostile/source.test.ts',
  'test/cli/backup.test.ts',
  'test/cli/restore-here.test.ts',
  'test/cli/up-kept.test.ts',
  'test/policies/measure/eslint.test.ts',
  'test/changes/reconcile.test.ts',
  'test/changes/landing.test.ts',
  'test/faults/kill-sync.test.ts',
  'test/flows/run-progress.test.ts',
  'test/hostile/mcp.test.ts',
  'test/runner/live-folder.test.ts',
  'test/faults/rolling.test.ts',
  'test/changes/gate-stop.test.ts',
  'test/flows/readme-walk.test.ts',
  'test/store/claim-plans.test.ts',
  'test/hostile/http.test.ts',
  'test/page/open.test.ts',
  'test/gateway/http/git/handler.test.ts',
];

/**
 * Runs long files first, so that every worker is busy to the end, and the rest in vitest's order. A file
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
