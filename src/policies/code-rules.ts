import { compileGlobs, type PathMatcher } from '../lib/glob-match.ts';
import type { CodeLimits } from './altered.ts';
import { type CodeException, exceptionsOf } from './code-exceptions.ts';
import { type LanguageName, languageOf } from './measure/source-kind.ts';
import { defaultTestGlobs } from './test-globs.ts';

/** Limits for some files; a row behind another one wins. */
export interface LimitRow {
  /** Globs of paths; every path when absent. */
  readonly paths?: readonly string[] | undefined;
  /** Languages of the files; every file when absent. */
  readonly languages?: readonly LanguageName[] | undefined;
  readonly complexity?: number | undefined;
  readonly functionLines?: number | undefined;
}

/** The settings of a plan for checks; only a person applies them. */
export interface CheckSettings {
  /** Globs of test code; the defaults when absent. */
  readonly tests?: readonly string[] | undefined;
  readonly limits?: readonly LimitRow[] | undefined;
  readonly exceptions?: readonly CodeException[] | undefined;
  /** Code in a language without an adapter is named, or refused. */
  readonly unmeasured?: 'name' | 'refuse' | undefined;
}

/** The rules that hold for the code of one change. */
export interface CodeRules {
  /** Limits for a function of the file at `path`, by its qualified name. */
  limitsOf(path: string, unit: string): CodeLimits;
  /** True for test code: callbacks of suites have no limit for length there, and no other code imports it. */
  isTest(path: string): boolean;
  /** True when code in a language without an adapter is refused; else it is named. */
  readonly refusesUnmeasured: boolean;
  /** True when an exception lets a finding pass that has no number. */
  excuses(code: string, path: string, unit: string | undefined): boolean;
}

/** Everything that rules are made of. */
export interface RulesInput {
  /** The limits of the plan, or the usual ones. */
  readonly base: CodeLimits;
  readonly settings?: CheckSettings | undefined;
  /** The ceilings of the grant under which the code is offered. */
  readonly grant?: CodeLimits | undefined;
  /** The time at which exceptions have ended or not, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** Rules with the same limits for all code. */
export const plainRules = (limits: CodeLimits): CodeRules => codeRules({ base: limits, nowMs: 0 });

/** The rules of a plan under a grant. */
export function codeRules({ base, settings = {}, grant = base, nowMs }: RulesInput): CodeRules {
  const rows = (settings.limits ?? []).map((row) => ({ ...row, fits: fitsOf(row) }));
  const isTest = compileGlobs(settings.tests ?? defaultTestGlobs);
  const exceptions = exceptionsOf(settings.exceptions ?? [], nowMs);
  const byPath = new Map<string, CodeLimits>();
  const plain = (path: string): CodeLimits => {
    const known = byPath.get(path);
    if (known !== undefined) return known;
    const rule = ruleFor(rows, path, base);
    const found = {
      complexity: bounded(grant.complexity, base.complexity, rule.complexity),
      lines: bounded(grant.lines, base.lines, rule.lines),
    };
    byPath.set(path, found);
    return found;
  };
  return {
    isTest,
    refusesUnmeasured: settings.unmeasured === 'refuse',
    limitsOf: (path, unit) => {
      const { complexity, lines } = plain(path);
      return {
        complexity: exceptions.raised('complexity', path, unit, complexity),
        lines: exceptions.raised('function.length', path, unit, lines),
      };
    },
    excuses: exceptions.excuses,
  };
}

function fitsOf({ paths, languages }: LimitRow): PathMatcher {
  const isThere: PathMatcher = paths === undefined ? () => true : compileGlobs(paths);
  if (languages === undefined) return isThere;
  const named = new Set<LanguageName | undefined>(languages);
  return (path) => named.has(languageOf(path)) && isThere(path);
}

function ruleFor(
  rows: readonly (LimitRow & { readonly fits: PathMatcher })[],
  path: string,
  base: CodeLimits,
): CodeLimits {
  let { complexity, lines } = base;
  for (const row of rows) {
    if (!row.fits(path)) continue;
    complexity = row.complexity ?? complexity;
    lines = row.functionLines ?? lines;
  }
  return { complexity, lines };
}

/**
 * The ceiling of a grant beside the rule for a file. A grant that has the limit of the plan says no more than the
 * plan does; a narrower one narrows every rule, and a wider one is not narrowed by any.
 */
function bounded(grant: number, base: number, rule: number): number {
  if (grant === base) return rule;
  return grant < base ? Math.min(grant, rule) : Math.max(grant, rule);
}
