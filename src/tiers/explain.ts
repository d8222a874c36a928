import { type Action, type ActionKind, actions, everybodys, type Tier } from './actions.ts';
import type { Budget, Capability } from './capability.ts';
import { profiles } from './profiles.ts';
import { roleOf } from './roles.ts';
import { scopeText } from './scopes.ts';

/** An action that a grant allows. */
export interface AllowedAction {
  readonly action: Action;
  readonly kind: ActionKind;
}

/** An action that a grant does not allow, the code of the refusal, and the tiers that may exercise it. */
export interface RefusedAction extends AllowedAction {
  readonly code: 'grant.tier' | 'grant.action';
  readonly tiers: readonly Tier[];
}

/**
 * A path scope: true when any of its actions is allowed, the globs, the denied globs among them, and one
 * sentence.
 */
export interface PathAccount {
  readonly allowed: boolean;
  readonly globs: readonly string[];
  readonly except: readonly string[];
  readonly text: string;
}

/** Every action and path that a grant allows or refuses, for `grant:explain`. */
export interface Explanation {
  readonly role: string;
  readonly tier: Tier;
  readonly purpose: string;
  readonly project: string;
  readonly plan: string;
  readonly phases: readonly string[];
  readonly task: string | undefined;
  readonly epoch: number | undefined;
  readonly skills: readonly string[];
  readonly may: readonly AllowedAction[];
  readonly mayNot: readonly RefusedAction[];
  readonly write: PathAccount & { readonly refs: readonly string[]; readonly deletes: boolean };
  readonly read: PathAccount;
  readonly delegation: {
    readonly allowed: boolean;
    readonly generations: number;
    readonly tiers: readonly Tier[];
    readonly actions: readonly Action[];
    readonly write: readonly string[];
  };
  readonly limits: { readonly complexity: number; readonly functionLines: number; readonly budget: Budget };
}

/** The account of a capability: each action of the table appears once, as allowed or as refused with its code. */
export function explain(cap: Capability): Explanation {
  const all = Object.keys(actions) as Action[];
  const mayWrite = cap.actions.includes('repo:push') && cap.write.length > 0;
  return {
    role: cap.role,
    tier: cap.tier,
    purpose: roleOf(cap.role)?.purpose ?? profiles[cap.tier].purpose,
    project: cap.project,
    plan: cap.plan,
    phases: cap.phases,
    task: cap.task,
    epoch: cap.epoch,
    skills: cap.skills,
    may: all.filter((action) => allows(cap, action)).map(allowed),
    mayNot: all.filter((action) => !allows(cap, action)).map((action) => refused(cap, action)),
    write: {
      ...account(mayWrite, cap.write, cap.deny),
      refs: cap.refs,
      deletes: mayWrite && profiles[cap.tier].deletes,
    },
    read: account(cap.read.length > 0, cap.read, cap.deny),
    delegation: {
      allowed: cap.depth > 0 && cap.mints.length > 0 && cap.actions.includes('token:mint'),
      generations: cap.depth,
      tiers: cap.mints,
      actions: cap.delegable,
      write: cap.write,
    },
    limits: { complexity: cap.complexity, functionLines: cap.lines, budget: cap.budget },
  };
}

const inColumn = (cap: Capability, action: Action): boolean =>
  (actions[action].tiers as readonly Tier[]).includes(cap.tier);

const allows = (cap: Capability, action: Action): boolean =>
  (cap.actions.includes(action) || everybodys.includes(action)) && inColumn(cap, action);

const allowed = (action: Action): AllowedAction => ({ action, kind: actions[action].kind });

const refused = (cap: Capability, action: Action): RefusedAction => ({
  ...allowed(action),
  code: inColumn(cap, action) ? 'grant.action' : 'grant.tier',
  tiers: actions[action].tiers,
});

const account = (isAllowed: boolean, globs: readonly string[], except: readonly string[]): PathAccount => ({
  allowed: isAllowed,
  globs,
  except,
  text: isAllowed ? scopeText(globs, except) : 'no path',
});
