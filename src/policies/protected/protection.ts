import { compileGlobs } from '../../lib/glob-match.ts';
import { escapes } from '../../lib/glob-search.ts';
import { folded, isTool, steeringOf } from './lookup.ts';

/**
 * Changes to the table of protected files: the plan adds entries, a task takes out others. Names of tools,
 * paths and globs.
 */
export interface ProtectionWords {
  readonly protect: readonly string[];
  readonly unprotect: readonly string[];
}

/** The files that stay closed to everybody who works on one task, even inside its write scope. */
export interface Protection {
  /** The reason in words that `path` is protected (`make`, `npm, yarn`, `the plan`), or undefined when it is not. */
  against(path: string): string | undefined;
  /**
   * The same reason for a glob under which every path is protected, or undefined. Such a glob may be missed
   * when its form is odd; a glob with an open path never gets a reason.
   */
  closes(glob: string): string | undefined;
}

const byPlan = 'the plan';

/**
 * The protection of one task: the table and `protect`, less the entries that `unprotect` names. Globs are
 * those of scopes.
 */
export function protectionOf({ protect, unprotect }: ProtectionWords): Protection {
  const lifted = new Set(unprotect.filter(isTool));
  const open = compileGlobs(unprotect);
  const added = compileGlobs(protect);
  const tools = (path: string): string[] => {
    const found = steeringOf(path).flatMap(({ tools: readers }) => readers);
    return found.some((name) => lifted.has(name)) ? [] : [...new Set(found)];
  };
  const against = (path: string): string | undefined => {
    if (open(path)) return undefined;
    const readers = tools(path);
    if (added(path)) return [...readers, byPlan].join(', ');
    return readers.length === 0 ? undefined : readers.join(', ');
  };
  return {
    against,
    closes: (glob) => {
      const sample = sampleOf(glob);
      const reader = against(sample);
      if (reader === undefined || sample === glob) return reader;
      const table = tools(sample).length === 0 ? [] : steeringOf(sample).map((found) => found.glob);
      const closed = [...table, ...protect.map(folded)];
      return contained(folded(glob), closed, unprotect.map(folded)) ? reader : undefined;
    },
  };
}

/** A path that `glob` matches. */
const sampleOf = (glob: string): string => glob.replaceAll('**', 'x/x').replaceAll(/[*?]/g, 'x');

const contained = (glob: string, closed: readonly string[], open: readonly string[]): boolean =>
  escapes([glob], [], closed, open) === undefined;
