import type { AuditFinding } from './kinds.ts';
import { type CodeViolation, section } from './plan-audit.ts';

/**
 * Audits the whole tree against the limits of the plan. Old code counts too: the finding lists all code left
 * to mend.
 */
export function complianceAudit(
  violations: readonly CodeViolation[],
  looked: { readonly files: number; readonly main: string; readonly unmeasured: readonly string[] },
  before: number | undefined,
): AuditFinding {
  const byRule: Record<string, number> = {};
  for (const { code } of violations) byRule[code] = (byRule[code] ?? 0) + 1;
  const grown = before !== undefined && violations.length > before;
  const than = before === undefined ? '' : `, ${before} at the last audit`;
  const rows = violations
    .slice(0, 200)
    .map(({ code, path, line, found }) => `${path}:${line} ${code} ${found}`);
  return {
    alert: grown,
    title: `compliance: ${violations.length} functions over the limits in ${looked.files} source files${than}`,
    body: [
      `main at ${looked.main.slice(0, 12)}, ${looked.files} source files.`,
      ...section('Over the limits', rows),
      ...section('In languages that are not measured', looked.unmeasured),
    ].join('\n'),
    result: { violations: violations.length, byRule, list: violations.slice(0, 1000), ...looked },
    isNew: grown,
    facts: [looked.main, violations.length],
  };
}
