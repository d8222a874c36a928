import { type Reason, reason } from '../lib/decision.ts';
import { compileScope } from '../lib/glob-match.ts';
import { globFault } from '../lib/globs.ts';
import { isTool } from '../policies/protected/lookup.ts';
import { type Protection, protectionOf } from '../policies/protected/protection.ts';

import type { Plan, PlanTask } from './plan.ts';

// A plan is immutable and decides every push: one compilation per plan is fast enough.
const known = new WeakMap<Plan, Map<string, Protection>>();

/**
 * The files that stay closed to everybody who works on a task of the plan; for a task outside the plan, all
 * files that the table and `protect` name.
 */
export function protectionIn(plan: Plan | undefined, task: string | undefined): Protection {
  if (plan === undefined) return protectionOf({ protect: [], unprotect: [] });
  const tasks = known.get(plan) ?? new Map<string, Protection>();
  known.set(plan, tasks);
  const key = task !== undefined && Object.hasOwn(plan.tasks, task) ? task : '';
  const found =
    tasks.get(key) ?? protectionOf({ protect: plan.protect, unprotect: plan.tasks[key]?.unprotect ?? [] });
  tasks.set(key, found);
  return found;
}

/** The `write` of a task without the globs under which every file is protected: nobody could use them. */
export const openWrites = (plan: Plan, id: string, { write }: Pick<PlanTask, 'write'>): string[] =>
  write.filter((glob) => protectionIn(plan, id).closes(glob) === undefined);

/** Entries of `unprotect` that open nothing: neither a tool, nor a protected path. */
export function badUnprotect({ protect }: Plan, id: string, { unprotect }: PlanTask): Reason[] {
  const bare = protectionOf({
    protect: protect.filter((glob) => globFault(glob) === undefined),
    unprotect: [],
  });
  return unprotect.flatMap((entry) => {
    const fault = globFault(entry);
    if (fault !== undefined)
      return [reason('plan.invalid', `tasks.${id}.unprotect: ${entry}`, { found: fault })];
    // A glob may be wider than the protected files; only a plain name is certain to be a slip.
    if (isTool(entry) || /[*?]/.test(entry) || bare.against(entry) !== undefined) return [];
    return [
      reason('plan.reference', `tasks.${id}.unprotect`, {
        found: entry,
        next: 'name a tool (`npm`), or a file that is protected',
      }),
    ];
  });
}

/** A write scope that holds a protected file. */
export interface ProtectedWrite {
  readonly task: string;
  /** A glob of `write` that is closed as a whole, or a file in the scope. */
  readonly path: string;
  /** The tools that read the file: `npm, yarn`. */
  readonly reader: string;
}

/** The protected files that write scopes name, and those of `files` (paths of the repository) that lie in them; by task. */
export function protectedWrites(plan: Plan, files: readonly string[] = []): ProtectedWrite[] {
  const bare = protectionOf({ protect: plan.protect, unprotect: [] });
  const closed = files.filter((path) => bare.against(path) !== undefined);
  return Object.entries(plan.tasks).flatMap(([task, one]) => {
    const protection = protectionIn(plan, task);
    const inScope = compileScope(one.write, one.deny);
    const held = closed.filter((path) => inScope(path) && !one.write.includes(path));
    const row = (path: string, reader: string | undefined): ProtectedWrite[] =>
      reader === undefined ? [] : [{ task, path, reader }];
    return [
      ...one.write.flatMap((glob) => row(glob, protection.closes(glob))),
      ...held.flatMap((path) => row(path, protection.against(path))),
    ];
  });
}

/** Tasks with a scope so wide that protected files can come to lie in it: one of its globs ends in any name. */
export const wideWriters = (plan: Plan): string[] =>
  Object.entries(plan.tasks).flatMap(([id, { write }]) =>
    write.some((glob) => /(?:^|\/)\*{1,2}$/.test(glob)) ? [id] : [],
  );
