import { createHash } from 'node:crypto';
import { isDenied } from '../../lib/decision.ts';
import { pauseMs } from '../../runs/next-step.ts';
import { aliveCount, type RunRow } from '../../runs/rows.ts';
import type { EventOf } from '../../store/log/events.ts';
import { type Statement, statement, type Tx } from '../../store/store.ts';
import { usualRole } from '../../tiers/roles.ts';
import { type GrantRow, lockGrant } from '../auth/minting.ts';
import type { EndContext } from './end-context.ts';
import { decideRun, type RunRequest, requestRun, type Spawner } from './request-run.ts';

const dead = statement(
  'grants.dead',
  `select 1 as yes from grants g where g.gid = $1 and (g.revoked_at is not null or g.expires_at <= andon_now()
     or exists (select 1 from grants a where a.gid = any(g.lin) and a.revoked_at is not null))`,
);
const openTask = statement('runs.taskState', 'select state from tasks where project = $1 and id = $2');
const openChange = statement('runs.changeState', 'select state from changes where project = $1 and id = $2');

/**
 * Requests another attempt of a run that ended, under the rights that its spawner may still delegate, after a
 * pause that doubles; undefined when the attempts are used up, the spawner's grant is gone, or the work is
 * done or in other hands.
 */
export async function retryRun(
  tx: Tx,
  run: RunRow,
  { issuer, plan, now, epoch }: EndContext,
  retriesMax: number,
): Promise<Retried | undefined> {
  if (plan === undefined || run.attempt > retriesMax) return undefined;
  if (!(await isWanted(tx, run))) return undefined;
  const spawner = await livingSpawner(tx, run.spawnerGid, issuer);
  if (spawner === undefined) return undefined;
  const request = again(run, now);
  const alive = await aliveCount(tx, run.project);
  const decision = decideRun(spawner, request, { plan, alive, now });
  if (isDenied(decision)) return undefined;
  const { run: id, event } = await requestRun(tx, decision.decided, { now, epoch });
  return { run: id, event, delayMs: request.delayMs };
}

/** The next attempt that was requested, and its pause. */
export interface Retried {
  readonly run: string;
  readonly event: EventOf<'run.requested'>;
  readonly delayMs: number;
}

const again = (run: RunRow, now: Date): RunRequest & { readonly delayMs: number } => ({
  project: run.project,
  profile: run.profile,
  role: run.role === (run.launch.profile.role ?? usualRole[run.tier]) ? undefined : run.role,
  model: run.model ?? undefined,
  task: run.task ?? undefined,
  change: run.change ?? undefined,
  mission: run.mission ?? undefined,
  maxMs: run.maxMs,
  autoTerminate: run.launch.profile.autoTerminate,
  trigger: run.trigger ?? undefined,
  depth: run.launch.depth,
  attempt: run.attempt + 1,
  retryOf: run.id,
  delayMs: pauseMs(run.attempt, shareOf(run.id), ranMs(run, now)),
});

const ranMs = ({ takenAt }: RunRow, now: Date): number => now.getTime() - (takenAt ?? now).getTime();

/** A number from 0 to 1 that never changes for a run, so that the retries of many runs spread. */
const shareOf = (id: string): number => (createHash('sha256').update(id).digest()[0] ?? 0) / 255;

/** True while the work of the run is still to be done, and in no other hands. */
async function isWanted(tx: Tx, { project, tier, task, change }: RunRow): Promise<boolean> {
  if (change !== null) return isIn(tx, openChange, [project, change], ['gating', 'judging']);
  if (task === null) return true;
  // Tiers other than makers work on a task that another principal holds, such as the reviewer of a gated one.
  const open = tier === 'implementer' ? ['ready', 'backlog'] : ['ready', 'backlog', 'in_progress', 'gated'];
  return isIn(tx, openTask, [project, task], open);
}

async function isIn(
  tx: Tx,
  read: Statement,
  where: readonly string[],
  states: readonly string[],
): Promise<boolean> {
  const [row] = await tx.rows<{ state: string }>(read, where);
  return row !== undefined && states.includes(row.state);
}

/** The spawner from its row, while its grant may still delegate. */
async function livingSpawner(tx: Tx, grantId: string, issuer: string): Promise<Spawner | undefined> {
  const row = await lockGrant(tx, grantId);
  if (row === undefined) return undefined;
  const [gone] = await tx.rows(dead, [grantId]);
  return gone === undefined ? { row, grant: grantOf(row, issuer) } : undefined;
}

const grantOf = ({ agent, grantId, lineage, cap }: GrantRow, iss: string): Spawner['grant'] => ({
  iss,
  sub: agent,
  grantId,
  lineage,
  cap,
});
