import { type SourceReason, sourceReason, type UnitsByPath } from './altered.ts';
import type { CodeRules } from './code-rules.ts';
import { grown, type HeldNumber } from './ratchet.ts';

/** The complexity of units, as the limits of `rules` hold it. */
export const heldComplexity = ({ limitsOf }: Pick<CodeRules, 'limitsOf'>): HeldNumber => ({
  digest: 'hash',
  value: ({ complexity }) => complexity,
  limit: (path, { qualified }) => limitsOf(path, qualified).complexity,
});

/**
 * A reason for every unit that the change takes above the limit for complexity, or further above it. A change of
 * a function inside a unit, of comments or of layout does not alter the unit.
 */
export const complexityPolicy = (
  before: UnitsByPath,
  after: UnitsByPath,
  rules: Pick<CodeRules, 'limitsOf'>,
): SourceReason[] =>
  grown(before, after, heldComplexity(rules)).map(({ path, unit, ...detail }) =>
    sourceReason(
      'complexity',
      { path, line: unit.startLine, unit: unit.qualified },
      {
        ...detail,
        next: unit.kind === 'module' ? 'move top-level decisions into functions' : `split \`${unit.name}\``,
      },
    ),
  );
