import { type CodeLimits, offenders, type SourceReason, sourceReason, type UnitsByPath } from './altered.ts';
import type { Unit } from './measure/unit.ts';

/**
 * A reason for every function longer than `limits.lines` that the change adds or alters. A function is
 * altered when a token of it or of a function inside it differs, or when comments or layout alone take it
 * over the limit. Top-level code and field initializers are no functions and have no limit.
 */
export function functionLengthPolicy(
  before: UnitsByPath,
  after: UnitsByPath,
  limits: CodeLimits,
): SourceReason[] {
  const isLong = (unit: Unit): boolean =>
    unit.lines > limits.lines && unit.kind !== 'module' && unit.kind !== 'field';
  return offenders(before, after, 'wholeHash', isLong)
    .filter(({ base }) => base === undefined || base.lines <= limits.lines)
    .map(({ path, unit }) =>
      sourceReason(
        'function.length',
        { path, line: unit.startLine, unit: unit.name },
        { found: unit.lines, limit: limits.lines, next: `split \`${unit.name}\`` },
      ),
    );
}
