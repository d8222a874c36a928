import { limits } from '../lib/limits.ts';
import type { CodeLimits } from '../policies/altered.ts';
import { type CheckSettings, type CodeRules, codeRules } from '../policies/code-rules.ts';

/** The members of a plan that code is judged by. */
export interface CodePlan {
  readonly limits?:
    | {
        readonly implementer?:
          | { readonly complexity?: number | undefined; readonly functionLines?: number | undefined }
          | undefined;
      }
    | undefined;
  readonly checks?: CheckSettings | undefined;
}

/** The limits of a plan for code that no row of it names; the usual ones where it names none. */
export function baseLimits(plan: CodePlan | undefined): CodeLimits {
  const { complexity = limits.complexityDefault, functionLines = limits.functionLinesDefault } =
    plan?.limits?.implementer ?? {};
  return { complexity, lines: functionLines };
}

/** The rules of a plan for code, under the ceilings of a grant where there is one, at a time. */
export const rulesOfPlan = (
  plan: CodePlan | undefined,
  nowMs: number,
  grant?: CodeLimits | undefined,
): CodeRules => codeRules({ base: baseLimits(plan), settings: plan?.checks, grant, nowMs });
