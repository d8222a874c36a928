import { type Reason, reason } from '../lib/decision.ts';
import { statement, type Tx } from '../store/store.ts';
import type { TaskRow } from './rows.ts';

/** Who says that it holds a task. */
export interface Holder {
  readonly agent: string;
  readonly epoch: number;
}

const stateWords = {
  backlog: 'not ready yet',
  ready: 'ready and held by nobody',
  gated: 'submitted and gated',
  done: 'done',
  abandoned: 'abandoned',
} as const;

/** Why `holder` does not hold `task` at `now`; empty when it does. Every change by a holder asks this under the row's lock. */
export function leaseReasons(task: TaskRow | undefined, id: string, holder: Holder, now: Date): Reason[] {
  if (task === undefined) return [reason('task.missing', `task/${id}`)];
  const lost = (found: string, limit: string): Reason[] => [
    reason('lease.lost', `task/${id}`, { found, limit }),
  ];
  if (task.state !== 'in_progress')
    return lost(`a task that is ${stateWords[task.state]}`, 'one in progress');
  if (task.epoch !== holder.epoch) return lost(`epoch ${holder.epoch}`, `epoch ${task.epoch}`);
  if (task.holder !== holder.agent) return lost(`holder ${task.holder ?? 'nobody'}`, holder.agent);
  if (task.leaseUntil === null || task.leaseUntil <= now)
    return lost('a lease that has expired', 'one that lives');
  return [];
}

const renewal = statement(
  'lease.renew',
  `update tasks set lease_until = andon_now() + lease_ms * interval '1 millisecond' where project = $1 and id = $2 returning lease_until as "leaseUntil"`,
);
const back = statement(
  'lease.back',
  `update tasks set state = 'ready', state_at = andon_now(), holder = null, holder_gid = null, lease_until = null where project = $1 and id = $2`,
);
const steal = statement(
  'lease.steal',
  `update tasks set epoch = epoch + 1, holder = $3, holder_gid = $4, lease_until = andon_now() + lease_ms * interval '1 millisecond', preferred = $3
   where project = $1 and id = $2 returning epoch, lease_until as "leaseUntil"`,
);
const expired = statement(
  'lease.expire',
  `with ended as (update tasks t set state = 'ready', state_at = andon_now(), holder = null, holder_gid = null, lease_until = null
   from (select project, id, holder from tasks where state = 'in_progress' and lease_until <= andon_now() and project = $1 for update skip locked) o
   where t.project = o.project and t.id = o.id returning t.id, t.position, t.epoch, o.holder)
   select id, epoch, holder from ended order by position, id`,
);

export async function renewLease(tx: Tx, project: string, task: string): Promise<Date> {
  const [row] = await tx.rows<{ leaseUntil: Date }>(renewal, [project, task]);
  if (row === undefined) throw new Error('renewed a task that is gone');
  return row.leaseUntil;
}

/** Gives a task back to the pool; its former holder stays preferred. */
export async function returnTask(tx: Tx, project: string, task: string): Promise<void> {
  await tx.rows(back, [project, task]);
}

/** Moves a running task to another holder under the next epoch; the former holder is fenced off. */
export async function stealLease(
  tx: Tx,
  project: string,
  task: string,
  agent: string,
  gid: string,
): Promise<{ epoch: number; leaseUntil: Date }> {
  const [row] = await tx.rows<{ epoch: number; leaseUntil: Date }>(steal, [project, task, agent, gid]);
  if (row === undefined) throw new Error('stole a task that is gone');
  return row;
}

/** Ends every lease that has run out; the tasks are ready again. */
export const expireLeases = (
  tx: Tx,
  project: string,
): Promise<{ id: string; epoch: number; holder: string }[]> => tx.rows(expired, [project]);
