import { AndonError, fail } from '../../lib/errors.ts';
import { checkPlan } from '../../plan/check.ts';
import { parsePlan } from '../../plan/parse.ts';
import type { Plan } from '../../plan/plan.ts';

/** Parses and checks a plan for `project`; reports every fault at once. */
export function soundPlan(source: string, projectName: string): Plan {
  const plan = parsePlan(source);
  const [first, ...rest] = checkPlan(plan);
  if (first !== undefined) throw new AndonError([first, ...rest]);
  if (plan.project !== projectName)
    throw fail('plan.reference', 'project', { found: plan.project, limit: projectName });
  return plan;
}
