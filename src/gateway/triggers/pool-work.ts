import type { Plan, PlanAgent } from '../../plan/plan.ts';
import { type ProfilePool, tasksLeft, tasksWithRun, unjudgedChanges } from '../../runs/pool.ts';
import { type Stop, stopReasons } from '../../stops/stop-scope.ts';
import type { Tx } from '../../store/store.ts';
import { type Candidate, type Claimant, claimReasons, pageSizes, readCandidates } from '../../tasks/claim.ts';

/** Work for one run of a pool: a task, and the change of it for a validator. */
export interface PoolWork {
  readonly task: string;
  readonly change?: string;
}

/** A pool with what decides about its work. */
export interface PoolCase {
  readonly pool: ProfilePool;
  readonly agent: PlanAgent;
  readonly plan: Plan;
  readonly stops: readonly Stop[];
}

/** Work for a pool that is in no hands, the most urgent first, at most `room`. */
export async function findWork(tx: Tx, found: PoolCase, room: number): Promise<PoolWork[]> {
  const free = ({ task }: PoolWork): boolean => isFree(found, task);
  if (found.agent.tier === 'implementer') return findTasks(tx, found, room, free);
  return (await unjudgedChanges(tx, found.pool, changesMax)).filter(free).slice(0, room);
}

const changesMax = 1000;

const isFree = ({ pool, plan, stops }: PoolCase, task: string): boolean =>
  stopReasons(stops, { what: 'spawn', task, pool: pool.profile, plan }).length === 0;

/** Reads ready tasks by growing pages, as a claim does, until there are enough. */
async function findTasks(
  tx: Tx,
  { pool, agent, plan }: PoolCase,
  room: number,
  free: (work: PoolWork) => boolean,
): Promise<PoolWork[]> {
  const claimant = claimantOf(agent);
  const where = { project: pool.project, task: undefined };
  const begun = await tasksWithRun(tx, pool.project);
  let work: PoolWork[] = [];
  for (const pageMax of pageSizes(room)) {
    const page = await readCandidates(tx, where, claimant, pageMax, Promise.resolve(plan));
    const left = await tasksLeft(
      tx,
      pool,
      page.map(({ id }) => id),
    );
    const fit = page.filter(
      (task) => !left.has(task.id) && free({ task: task.id }) && claimReasons(claimant, task).length === 0,
    );
    work = apart(fit, begun).slice(0, room);
    if (work.length === room || page.length < pageMax) break;
  }
  return work;
}

/** Tasks that no other one here, and no run before its claim, overlaps: the run of such a task could only wait. */
function apart(tasks: readonly Candidate[], begun: ReadonlySet<string>): PoolWork[] {
  const taken = new Set(begun);
  return tasks.flatMap(({ id, conflicting }) => {
    if (taken.has(id) || conflicting.some((other) => taken.has(other))) return [];
    taken.add(id);
    return [{ task: id }];
  });
}

/** The rights of a run of the profile, as a claim judges them: a run gets the write scope of its task where the profile names none. */
const claimantOf = ({ skills, write = ['**'] }: PlanAgent): Claimant => ({
  agent: '',
  grantId: '',
  cap: { skills, phases: ['*'], write, deny: [] },
});
