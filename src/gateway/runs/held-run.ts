import { z } from 'zod';
import { allowed, type Decision, denied, reason } from '../../lib/decision.ts';
import type { RunRow } from '../../runs/rows.ts';
import { runnerNamePattern } from '../../runs/runner-name.ts';
import type { Grant } from '../../tiers/capability.ts';
import { project } from '../admission/inputs.ts';

/** Schema of the name of a runner. */
export const runnerName = z.string().regex(runnerNamePattern, 'the name of a runner');
/** Members by which a runner names a run that it holds. */
export const mine = {
  project,
  run: z.string().regex(/^run_[0-9a-z]{26}$/, 'the whole id of a run'),
  runner: runnerName,
};
/** Schema of a number that a runner counted. */
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The reason why this runner lost the run: its grant has to be the one that took the run, under any name. */
function lostBy(row: RunRow, runner: string, grantId: string, now: Date): string | undefined {
  if (row.state === 'ended') return `ended: ${row.outcome}`;
  if (row.runner !== runner) return row.runner ?? 'no runner';
  if (row.runnerGid !== grantId) return `${runner}, with another grant`;
  return row.leaseUntil !== null && row.leaseUntil > now ? undefined : 'its lease has expired';
}

/** The run that the caller speaks for. */
export function decideHeld({
  grant,
  input,
  facts: row,
  entered,
}: {
  readonly grant: Grant;
  readonly input: { readonly run: string; readonly runner: string };
  readonly facts: RunRow | undefined;
  readonly entered: { readonly now: Date };
}): Decision<RunRow> {
  if (row === undefined) return denied(reason('run.missing', input.run));
  const found = lostBy(row, input.runner, grant.grantId, entered.now);
  return found === undefined
    ? allowed(row)
    : denied(reason('run.lost', `run/${input.run}`, { found, limit: input.runner }));
}
