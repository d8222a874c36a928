import { compileGlobs, type PathMatcher } from '../lib/glob-match.ts';

/** The rules that an exception can be from: those with a number first. */
export const exceptionRules = [
  'complexity',
  'function.length',
  'source.size',
  'source.opaque',
  'source.syntax',
  'source.unmeasured',
  'test.imported',
] as const;

/** A decision of a person that a rule does not hold for some code until a day. */
export interface CodeException {
  /** A path or a glob. */
  readonly path: string;
  /** The qualified name of a function; the whole file when absent. */
  readonly function?: string | undefined;
  readonly rule: (typeof exceptionRules)[number];
  /** The limit that holds instead, for complexity and length. */
  readonly limit?: number | undefined;
  /** The last day, as `2027-01-31`, in UTC. */
  readonly until: string;
  readonly reason: string;
}

/** The exceptions that hold at a time. */
export interface Exceptions {
  /** The limit for a unit: as it is, or raised by an exception. */
  raised(rule: 'complexity' | 'function.length', path: string, unit: string, limit: number): number;
  /** True when an exception lets a finding pass. */
  excuses(code: string, path: string, unit: string | undefined): boolean;
}

const dayMs = 86_400_000;

/** True until the end of the last day of an exception. */
export const holds = ({ until }: CodeException, nowMs: number): boolean => nowMs < Date.parse(until) + dayMs;

/** Compiles exceptions; those that have ended are left out. */
export function exceptionsOf(all: readonly CodeException[], nowMs: number): Exceptions {
  const rows = all
    .filter((one) => holds(one, nowMs))
    .map((one) => ({ ...one, fits: compileGlobs([one.path]) }));
  return {
    raised: (rule, path, unit, limit) =>
      Math.max(limit, ...rows.filter((row) => isFor(row, rule, path, unit)).map((row) => row.limit ?? limit)),
    excuses: (code, path, unit) =>
      rows.some((row) => row.limit === undefined && isFor(row, code, path, unit)),
  };
}

function isFor(
  row: CodeException & { readonly fits: PathMatcher },
  rule: string,
  path: string,
  unit: string | undefined,
): boolean {
  return row.rule === rule && row.fits(path) && (row.function === undefined || row.function === unit);
}
