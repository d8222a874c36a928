import type { Reason } from '../lib/decision.ts';
import type { Plan } from '../plan/plan.ts';
import { type Session, statement } from '../store/store.ts';
import { type Claimant, claimReasons, compared } from './claim.ts';
import { knowsScope, learnScope, type TaskScope } from './claim-memo.ts';

/** A task that nobody holds and that is no change yet. */
export interface UnheldTask extends TaskScope {
  readonly id: string;
  readonly title: string;
  readonly phase: string;
  readonly state: 'ready' | 'backlog';
  readonly requires: readonly string[];
}

const read = statement(
  'tasks.unheld',
  `select id, title, phase, state, scope_hash as "scopeHash", requires, write, deny from tasks
   where project = $1 and (state = 'ready' or $2 and state = 'backlog')
   order by (state = 'ready') desc, priority, deadline nulls last, position limit $3`,
);

/** Tasks that nobody holds: the ready ones, the most urgent first, then those in the backlog if they are wanted. */
export const readUnheld = (
  session: Session,
  project: string,
  { backlog, max }: { readonly backlog: boolean; readonly max: number },
): Promise<UnheldTask[]> => session.rows<UnheldTask>(read, [project, backlog, max]);

/**
 * Reasons why a claimant may never claim a task as grant and plan are, by the rule of the claim; empty when it may.
 * Work of others in progress, which ends, is none of them.
 */
export function barringReasons(claimant: Claimant, task: UnheldTask, plan: Plan | undefined): Reason[] {
  if (!knowsScope(claimant.cap, task.scopeHash)) learnScope(claimant.cap, task);
  return claimReasons(claimant, compared(claimant, { ...task, blockedBy: null, conflicting: [] }, plan));
}
