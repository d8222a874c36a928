import { askToStop, type RunRow } from '../../runs/rows.ts';
import { type EmittedEvent, event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import type { EndContext } from './end-context.ts';
import { endRun } from './end-run.ts';

/** Asks a runner for the end of a run, or ends a run that no runner has. */
export async function stopRun(
  tx: Tx,
  run: RunRow,
  { by, why }: { by: string; why: string },
  context: EndContext,
): Promise<EmittedEvent[]> {
  await askToStop(tx, run.project, run.id, by, why);
  const stopped = event('run.stopped', `run/${run.id}`, { by, why });
  if (run.state !== 'waiting') return [stopped];
  const seen = {
    cause: 'stopped' as const,
    exitCode: null,
    signal: null,
    verdict: { problem: 'missing' as const },
    usage: run.usage,
    note: why,
  };
  return [stopped, ...(await endRun(tx, { ...run, stopWanted: by }, seen, context)).events];
}
