import { type RunRow, shortenRun } from '../../runs/rows.ts';
import { claimingCount, takeRun, unclaimableTasks, waitingRuns, waitingTasks } from '../../runs/take.ts';
import { readStops } from '../../stops/rows.ts';
import { stopReasons } from '../../stops/stop-scope.ts';
import type { EmittedEvent } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { runningCount } from '../../tasks/in-progress.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import type { EndContext } from './end-context.ts';
import { runGraceMs } from './run-grant.ts';
import { lengthenGrant } from './run-token.ts';
import { stopRun } from './stop-run.ts';

/**
 * Takes the first run that no other runner is taking and whose grant still lasts, with its remaining time. A
 * run that waited until the grant of its spawner was nearly over is ended, and the spawner is told.
 */
export async function takeLasting(
  tx: Tx,
  projectName: string,
  free: readonly string[],
  by: { readonly name: string; readonly grantId: string },
  context: EndContext,
): Promise<{ row: RunRow | undefined; end: Date; events: EmittedEvent[] }> {
  const events: EmittedEvent[] = [];
  for (;;) {
    const row = await takeRun(tx, projectName, free, by);
    if (row === undefined) return { row, end: context.now, events };
    const end = await lengthenGrant(tx, row);
    const maxMs = Math.min(row.maxMs, end.getTime() - context.now.getTime() - runGraceMs);
    if (maxMs >= Math.min(row.maxMs, shortestMs)) {
      if (maxMs < row.maxMs) await shortenRun(tx, projectName, row.id, maxMs);
      return { row: { ...row, maxMs }, end, events };
    }
    const why = `it waited too long for a runner: its grant ends ${end.toISOString()}, with that of its spawner`;
    events.push(...(await stopRun(tx, { ...row, state: 'waiting' }, { by: 'gateway', why }, context)));
  }
}

// A shorter time is not worth a start, unless the run never wanted more.
const shortestMs = 60_000;

/**
 * Waiting runs that can start: no stop holds them, and the claim that they begin with can succeed. A run
 * requested before a stop, or at the limit of work in progress, starts after it.
 */
export async function freeRuns(
  tx: Tx,
  projectName: string,
  adapters: readonly string[],
  planHash: string | null,
): Promise<string[]> {
  const tasks = await waitingTasks(tx, projectName, adapters);
  if (tasks.length === 0) return [];
  const stops = await readStops(tx, projectName);
  const plan = await planAt(tx, projectName, planHash);
  const stopped = tasks.filter(
    (task) => stopReasons(stops, { what: 'spawn', task: task ?? undefined, plan }).length > 0,
  );
  const named = tasks.filter((task) => task !== null);
  const unclaimable = (await isFull(tx, projectName, plan?.limits.wip))
    ? named
    : await unclaimableTasks(tx, projectName, named);
  const pools = stops.flatMap(({ scope }) => (scope.kind === 'pool' ? [scope.value] : []));
  return waitingRuns(tx, projectName, adapters, { stopped, unclaimable, pools });
}

/**
 * True at the limit of work in progress, counting runs that are about to claim. The count is locked until the
 * transaction ends.
 */
const isFull = async (tx: Tx, projectName: string, wip: number | undefined): Promise<boolean> =>
  wip !== undefined && (await runningCount(tx, projectName)) + (await claimingCount(tx, projectName)) >= wip;
