import { type SourceReason, sourceReason, type UnitsByPath } from './altered.ts';
import type { CodeRules } from './code-rules.ts';
import { grown, type HeldNumber } from './ratchet.ts';

/** The length of functions, as the limits of `rules` hold it. */
export const heldLength = ({ limitsOf, isTest }: Pick<CodeRules, 'limitsOf' | 'isTest'>): HeldNumber => ({
  digest: 'wholeHash',
  value: ({ lines }) => lines,
  limit: (path, { kind, qualified, suite }) =>
    kind === 'module' || kind === 'field' || (suite === true && isTest(path))
      ? undefined
      : limitsOf(path, qualified).lines,
});

/**
 * A reason for every function that the change makes longer than the limit, or longer still. A function is altered
 * when a token of it or of a function inside it differs; comments and layout alone may not take it over the limit.
 * Top-level code and field initializers are no functions and have no limit, nor have the callbacks of describe, it and
 * their kin in test code.
 */
export const functionLengthPolicy = (
  before: UnitsByPath,
  after: UnitsByPath,
  rules: Pick<CodeRules, 'limitsOf' | 'isTest'>,
): SourceReason[] =>
  grown(before, after, heldLength(rules)).map(({ path, unit, ...detail }) =>
    sourceReason(
      'function.length',
      { path, line: unit.startLine, unit: unit.qualified },
      { ...detail, next: `split \`${unit.name}\`` },
    ),
  );
