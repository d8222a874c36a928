import { jsonText } from '../../store/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { noUsage, type RunRow } from './rows.ts';

const put = statement(
  'runs.put',
  `insert into runs (id, project, agent, profile, tier, role, adapter, model, task, change, mission, launch, gid, spawner,
     spawner_gid, trigger, state, attempt, retry_of, not_before, max_ms, lease_ms, usage)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13, $14, $15, $16, 'waiting', $17, $18,
     andon_now() + $19::int * interval '1 millisecond', $20, $21, $22::jsonb)`,
);

export type NewRun = Pick<
  RunRow,
  | 'id'
  | 'project'
  | 'agent'
  | 'profile'
  | 'tier'
  | 'role'
  | 'adapter'
  | 'model'
  | 'task'
  | 'change'
  | 'mission'
  | 'launch'
  | 'gid'
  | 'spawner'
  | 'spawnerGid'
  | 'trigger'
  | 'attempt'
  | 'retryOf'
  | 'maxMs'
  | 'leaseMs'
> & { readonly delayMs: number };

export async function insertRun(tx: Tx, run: NewRun): Promise<void> {
  await tx.rows(put, [
    run.id,
    run.project,
    run.agent,
    run.profile,
    run.tier,
    run.role,
    run.adapter,
    run.model,
    run.task,
    run.change,
    run.mission,
    jsonText(run.launch),
    run.gid,
    run.spawner,
    run.spawnerGid,
    run.trigger,
    run.attempt,
    run.retryOf,
    run.delayMs,
    run.maxMs,
    run.leaseMs,
    jsonText(noUsage),
  ]);
}
