import { type CodeLimits, offenders, type SourceReason, sourceReason, type UnitsByPath } from './altered.ts';

/**
 * A reason for every unit above `limits.complexity` that the change adds or alters. A unit is altered when
 * its own tokens differ; a change of a function inside it, of comments or of layout does not alter it.
 */
export function complexityPolicy(
  before: UnitsByPath,
  after: UnitsByPath,
  limits: CodeLimits,
): SourceReason[] {
  return offenders(before, after, 'hash', (unit) => unit.complexity > limits.complexity)
    .filter(({ base }) => base === undefined)
    .map(({ path, unit }) =>
      sourceReason(
        'complexity',
        { path, line: unit.startLine, unit: unit.name },
        {
          found: unit.complexity,
          limit: limits.complexity,
          next: unit.kind === 'module' ? 'move top-level decisions into functions' : `split \`${unit.name}\``,
        },
      ),
    );
}
