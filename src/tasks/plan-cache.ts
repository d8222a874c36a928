import { LRUCache } from 'lru-cache';
import type { Plan } from '../plan/plan.ts';
import type { Session } from '../store/store.ts';
import { readPlan } from './plan-apply.ts';

const known = new LRUCache<string, Plan>({ max: 200 });

/** The applied plan of a project, remembered by the hash that the caller read under the project's lock. */
export async function planAt(
  session: Session,
  project: string,
  hash: string | null,
): Promise<Plan | undefined> {
  if (hash === null) return undefined;
  const found = known.get(hash);
  if (found !== undefined) return found;
  const plan = await readPlan(session, project);
  if (plan !== undefined) known.set(hash, plan);
  return plan;
}
