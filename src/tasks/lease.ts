import {
  allowed,
  type Decision,
  type Denied,
  denied,
  type Reason,
  reason,
  reasonsOf,
} from '../lib/decision.ts';
import { limits } from '../lib/limits.ts';
import { oneMoved } from '../store/move.ts';
import { statement, type Tx } from '../store/store.ts';
import type { TaskRow } from './rows.ts';
import type { TaskBefore } from './states.ts';
import { movesTasks } from './transition.ts';

/** A principal that claims to hold a task. */
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

/** A task under a lease. */
export type HeldTask = TaskRow & { readonly state: 'in_progress'; readonly leaseUntil: Date };

/** The part of a task that is needed to give it back. */
export type HeldRow = Pick<HeldTask, 'project' | 'id' | 'epoch' | 'state'>;

/** Decides whether `holder` holds the task at `now`. Every change by a holder asks this under the row's lock. */
export function decideLease(
  task: TaskRow | undefined,
  id: string,
  holder: Holder,
  now: Date,
): Decision<HeldTask> {
  if (task === undefined) return denied(reason('task.missing', `task/${id}`));
  const lost = (found: string, limit: string): Denied =>
    denied(reason('lease.lost', `task/${id}`, { found, limit }));
  const { state, leaseUntil } = task;
  if (state !== 'in_progress') return lost(`a task that is ${stateWords[state]}`, 'one in progress');
  if (task.epoch !== holder.epoch) return lost(`epoch ${holder.epoch}`, `epoch ${task.epoch}`);
  if (task.holder !== holder.agent) return lost(`holder ${task.holder ?? 'nobody'}`, holder.agent);
  if (leaseUntil === null || leaseUntil <= now) return lost('a lease that has expired', 'one that lives');
  return allowed({ ...task, state, leaseUntil });
}

/**
 * Reasons why `holder` does not hold `task` at `now`, for calls that leave the task unchanged; empty when the
 * holder does.
 */
export const leaseReasons = (...asked: Parameters<typeof decideLease>): readonly Reason[] =>
  reasonsOf(decideLease(...asked));

const renewal = statement('lease.renew', 'update tasks set lease_until = $3 where project = $1 and id = $2');
const steal = movesTasks('lease.steal', 'steal', ({ set, from }) =>
  oneMoved(
    `update tasks set ${set}, epoch = $3, holder = $4, holder_gid = $5, lease_until = $6, preferred = $4
     where project = $1 and id = $2 and state ${from}`,
    'task.steal',
  ),
);
const expired = movesTasks(
  'lease.expire',
  'expire',
  ({ set, from }) => `with ended as (update tasks t set ${set}
   from (select project, id, holder from tasks where state ${from} and lease_until <= (select andon_now()) and project = $1 for update skip locked) o
   where t.project = o.project and t.id = o.id returning t.id, t.position, t.epoch, o.holder)
   select id, epoch, holder from ended order by position, id`,
);

/**
 * The end of a lease renewed at `now`, never before the end that was promised: a renewal that entered earlier
 * may get the row later.
 */
export const renewedUntil = (lease: { leaseUntil: Date | null; leaseMs: number }, now: Date): Date =>
  new Date(Math.max(lease.leaseUntil?.getTime() ?? 0, now.getTime() + lease.leaseMs));

const lengthOf = ({ leaseMs }: TaskRow): number => leaseMs ?? limits.leaseMsDefault;

/** Extends the lease of a task that the caller holds at `now`. Returns its new end. */
export function renewLease(tx: Tx, task: HeldTask, now: Date): Date {
  const leaseUntil = renewedUntil({ leaseUntil: task.leaseUntil, leaseMs: lengthOf(task) }, now);
  tx.later(renewal, [task.project, task.id, leaseUntil]);
  return leaseUntil;
}

/** Moves a running task to another holder under the next epoch, from `now` on; the former holder is fenced off. */
export function stealLease(
  tx: Tx,
  task: TaskRow & { readonly state: TaskBefore<'steal'> },
  to: { readonly agent: string; readonly grantId: string },
  now: Date,
): { epoch: number; leaseUntil: Date } {
  const epoch = task.epoch + 1;
  const leaseUntil = new Date(now.getTime() + lengthOf(task));
  tx.later(steal, [task.project, task.id, epoch, to.agent, to.grantId, leaseUntil]);
  return { epoch, leaseUntil };
}

/** Ends every expired lease; the tasks are ready again, their former holders preferred. */
export const expireLeases = (
  tx: Tx,
  project: string,
): Promise<{ id: string; epoch: number; holder: string }[]> => tx.rows(expired, [project]);
