import { type Reason, reason } from '../lib/decision.ts';
import { escapes } from '../lib/glob-search.ts';
import type { Plan } from '../plan/plan.ts';
import { openWrites } from '../plan/protected-writes.ts';
import { statement, type Tx } from '../store/store.ts';
import type { Capability } from '../tiers/capability.ts';
import { knowsScope, learnScope, scopeWitness, type TaskScope } from './claim-memo.ts';
import { movesTasks } from './transition.ts';

/** A task, as the claim judges it. `blockedBy` is work in progress whose write scope overlaps. */
export interface Candidate {
  readonly id: string;
  readonly phase: string;
  /** Equal for equal `write` and `deny`. */
  readonly scopeHash: string;
  readonly requires: readonly string[];
  readonly blockedBy: string | null;
  readonly conflicting: readonly string[];
  /**
   * A path of the scope that the grant leaves out although the task could change it; undefined when there is
   * none.
   */
  readonly uncovered: string | undefined;
}

/** A claimant: its name, its grant, and the capability of that grant. */
export interface Claimant {
  readonly agent: string;
  readonly grantId: string;
  readonly cap: ClaimCapability;
}

/** The part of a capability that decides which tasks may be claimed. */
export type ClaimCapability = Pick<Capability, 'skills' | 'phases' | 'task' | 'write' | 'deny'>;

// The index gives the most urgent tasks first; the claimant's former work is looked up apart and ranks first
// among equals.
const candidates = statement(
  'claim.candidates',
  `with page as (
     (select * from tasks where project = $1 and state = 'ready' and ($2::text is null or id = $2)
      order by priority, deadline nulls last, position limit $4)
     union
     (select * from tasks where project = $1 and state = 'ready' and preferred = $3 and ($2::text is null or id = $2)
      order by priority, deadline nulls last, position limit $4))
   select t.id, t.phase, t.scope_hash as "scopeHash", t.requires,
     (select c.other from task_conflicts c join tasks o on o.project = c.project and o.id = c.other
      where c.project = t.project and c.task = t.id and o.state in ('in_progress', 'gated') limit 1) as "blockedBy",
     array(select c.other from task_conflicts c where c.project = t.project and c.task = t.id) as conflicting
   from page t
   order by t.priority, (t.preferred is not distinct from $3) desc, t.deadline nulls last, t.position limit $4`,
);
const scopes = statement(
  'claim.scopes',
  `select scope_hash as "scopeHash", write, deny from tasks where project = $1 and id = any($2::text[])`,
);

/** Rows of the second page of candidates, for a claim to whom others have left nothing of the first. */
export const secondPageMax = 200;

/**
 * Sizes of the pages of candidates: most claims find a task among the first few. Other claims under way find the same
 * tasks, and each takes one, so the first page grows by their number.
 */
export const pageSizes = (others: number): readonly number[] => [8 + others, secondPageMax, 100_000];

/**
 * Ready tasks, the most urgent first, the claimant's former work first among equals; at most `pageMax`. Their
 * scopes are compared with the grant here, once per scope, so that the decision itself only looks up.
 */
export async function readCandidates(
  tx: Tx,
  where: { project: string; task: string | undefined },
  claimant: Claimant,
  pageMax: number,
  planned: Promise<Plan | undefined>,
): Promise<Candidate[]> {
  const rows = await tx.rows<Omit<Candidate, 'uncovered'>>(candidates, [
    where.project,
    where.task ?? null,
    claimant.agent,
    pageMax,
  ]);
  const unknown = new Map<string, string>();
  for (const { id, scopeHash } of rows) if (!knowsScope(claimant.cap, scopeHash)) unknown.set(scopeHash, id);
  if (unknown.size > 0) {
    for (const scope of await tx.rows<TaskScope>(scopes, [where.project, [...unknown.values()]]))
      learnScope(claimant.cap, scope);
  }
  const plan = await planned;
  return rows.map((task) => compared(claimant, task, plan));
}

/** A task with what the grant leaves out of its scope, which was learnt before. */
export function compared<Task extends Omit<Candidate, 'uncovered'>>(
  { cap }: Claimant,
  task: Task,
  plan: Plan | undefined,
): Task & Pick<Candidate, 'uncovered'> {
  const witness = scopeWitness(cap, task.scopeHash);
  const isCovered = witness === undefined || coversOpen(cap, plan, task.id);
  return { ...task, uncovered: isCovered ? undefined : witness };
}

/** True when the task names protected files, and the grant covers the rest of its scope. */
function coversOpen({ write, deny }: ClaimCapability, plan: Plan | undefined, id: string): boolean {
  const task = plan !== undefined && Object.hasOwn(plan.tasks, id) ? plan.tasks[id] : undefined;
  if (plan === undefined || task === undefined) return false;
  const open = openWrites(plan, id, task);
  return open.length < task.write.length && escapes(open, task.deny, write, deny) === undefined;
}

type ClaimPolicy = (claimant: Claimant, task: Candidate) => Reason | undefined;

const skilled: ClaimPolicy = ({ cap }, task) => {
  const missing = cap.skills.includes('*')
    ? []
    : task.requires.filter((skill) => !cap.skills.includes(skill));
  if (missing.length === 0) return undefined;
  return reason('task.capability', `task/${task.id}`, { found: `without ${missing.join(', ')}` });
};

const inPhase: ClaimPolicy = ({ cap }, task) => {
  if (cap.phases.includes('*') || cap.phases.includes(task.phase)) return undefined;
  const limit = cap.phases.join(', ') || 'no phase';
  return reason('phase.closed', `task/${task.id}`, {
    found: task.phase,
    limit,
    next: 'claim with a grant for this phase',
  });
};

const bound: ClaimPolicy = ({ cap }, task) =>
  cap.task === undefined || cap.task === task.id
    ? undefined
    : reason('grant.task', `task/${task.id}`, { limit: cap.task });

const covering: ClaimPolicy = ({ cap }, task) => {
  const { uncovered: found } = task;
  if (found === undefined) return undefined;
  return reason('task.scope', `task/${task.id}`, { found, limit: cap.write.join(', ') || 'no path' });
};

const apart: ClaimPolicy = (_claimant, task) =>
  task.blockedBy === null
    ? undefined
    : reason('task.overlap', `task/${task.id}`, {
        found: `overlaps ${task.blockedBy}, which is in progress`,
      });

const claimPolicies: readonly ClaimPolicy[] = [skilled, inPhase, covering, bound, apart];

/** Reasons why this claimant may not take this task; empty when it may. */
export const claimReasons = (claimant: Claimant, task: Candidate): Reason[] =>
  claimPolicies.flatMap((policy) => policy(claimant, task) ?? []);

const take = movesTasks(
  'claim.take',
  'claim',
  ({ set, from }) => `update tasks set ${set}, epoch = epoch + 1, holder = $3, holder_gid = $4,
     lease_ms = $5::int, lease_until = andon_now() + $5::int * interval '1 millisecond', preferred = $3
   where project = $1 and id = (
     select free.id from unnest($2::text[]) wanted(id) cross join lateral
       (select t.id, t.state from tasks t where t.project = $1 and t.id = wanted.id for update skip locked) free
     where free.state ${from} limit 1)
   returning id, title, description, acceptance, phase, epoch, lease_until as "leaseUntil", write, deny, gates,
     (epoch > 1 or exists (select from questions q
        where q.project = tasks.project and q.task = tasks.id and q.answer is not null)) as "hasHistory"`,
);

/** A task as its claim left it, with the new lease. */
export interface TakenTask {
  /** True when an attempt was made before, or a question about it was answered. */
  readonly hasHistory: boolean;
  readonly id: string;
  readonly title: string;
  /** Markdown; empty when the plan says nothing. */
  readonly description: string;
  /** Each must hold when the task is done. */
  readonly acceptance: readonly string[];
  readonly phase: string;
  readonly epoch: number;
  readonly leaseUntil: Date;
  readonly write: readonly string[];
  readonly deny: readonly string[];
  readonly gates: readonly string[];
}

const lockGroup = statement(
  'claim.lockGroup',
  'select id, state from tasks where project = $1 and id = any($2::text[]) for update skip locked',
);

/**
 * Takes the first of the allowed tasks that no other claim is taking. A task without overlaps takes one
 * statement; for a task with overlaps all rows of its group are locked first, so that two overlapping tasks
 * are never taken side by side.
 */
export async function takeOne(
  tx: Tx,
  project: string,
  claimant: Claimant,
  allowed: readonly Candidate[],
  leaseMs: number,
): Promise<TakenTask | undefined> {
  const free: string[] = [];
  for (const candidate of allowed) {
    if (candidate.conflicting.length > 0 && !(await lockWhole(tx, project, candidate))) continue;
    free.push(candidate.id);
    if (candidate.conflicting.length > 0) break;
  }
  if (free.length === 0) return undefined;
  const [taken] = await tx.rows<TakenTask>(take, [project, free, claimant.agent, claimant.grantId, leaseMs]);
  return taken;
}

async function lockWhole(tx: Tx, project: string, candidate: Candidate): Promise<boolean> {
  const group = [candidate.id, ...candidate.conflicting];
  const locked = await tx.rows<{ id: string; state: string }>(lockGroup, [project, group]);
  return (
    locked.length === group.length &&
    !locked.some(({ state }) => state === 'in_progress' || state === 'gated')
  );
}
