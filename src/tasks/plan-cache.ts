import type { Session } from '../store/store.ts';
import type { Plan } from './plan.ts';
import { readPlan } from './plan-apply.ts';

const entriesMax = 200;
const known = new Map<string, Plan | undefined>();

/** The applied plan of a project, remembered by the hash that the caller read under the project's lock. */
export async function planAt(
  session: Session,
  project: string,
  hash: string | null,
): Promise<Plan | undefined> {
  if (hash === null) return undefined;
  if (known.has(hash)) return known.get(hash);
  const plan = await readPlan(session, project);
  if (known.size >= entriesMax) known.clear();
  known.set(hash, plan);
  return plan;
}
