import type { Action, Tier } from './actions.ts';

/** The budget of a grant, reserved from its parent at mint. USD in millionths. */
export interface Budget {
  readonly tokens: number;
  readonly usdMicro: number;
  readonly commits: number;
  readonly files: number;
  readonly lines: number;
  readonly children: number;
}

/**
 * The `cap` member of a token: the immutable upper bound of the bearer's rights. An absent right is no right.
 * `write`, `read` and `deny` are globs; the writable paths are L(write \ deny), the readable ones L(read \
 * deny).
 */
export interface Capability {
  readonly v: 1;
  readonly role: string;
  readonly tier: Tier;
  /** Project name, or `*` (humans only) for every project of the gateway. */
  readonly project: string;
  /** Plan name, or `*`. A project has one plan today, so this is `*` or the project's name. */
  readonly plan: string;
  /** Actions that the bearer may exercise. */
  readonly actions: readonly Action[];
  /** Actions that the bearer may delegate. A child's `actions` and `delegable` are subsets of these. */
  readonly delegable: readonly Action[];
  /** Phases in which the bearer may work; `*` alone means every phase. */
  readonly phases: readonly string[];
  /** Ref prefixes below refs/heads/ that the bearer may push to, such as `task/`. */
  readonly refs: readonly string[];
  readonly write: readonly string[];
  readonly read: readonly string[];
  readonly deny: readonly string[];
  /** Highest cyclomatic complexity of a function that the bearer may add, and that an old one may not grow beyond. */
  readonly complexity: number;
  /** Most lines of such a function. */
  readonly lines: number;
  readonly budget: Budget;
  /** Further generations of delegation that this grant allows. */
  readonly depth: number;
  /** Tiers that the bearer may delegate to. */
  readonly mints: readonly Tier[];
  /** Set when the grant is good for one task only. */
  readonly task?: string;
  /** Set, with `task`, when the grant is good for one lease only. */
  readonly epoch?: number;
  /** Skills of the bearer, matched against the skills that tasks require: `typescript`, `tests`, … */
  readonly skills: readonly string[];
}

/** The delegating principal, and the principals who delegated to it, outermost last. */
export interface Actor {
  readonly sub: string;
  readonly act?: Actor;
}

/** A grant: its holder, its capability, its ancestors, and its end. */
export interface Grant {
  readonly iss: string;
  /** The principal: `human:ada`, `agent:builder-1`. */
  readonly sub: string;
  /** Actor chain of RFC 8693; shown, never used to authorise. */
  readonly act?: Actor;
  /** The stable id of the grant; renewed tokens share it. */
  readonly grantId: string;
  /** Ids of the ancestor grants, parent first, at most four. */
  readonly lineage: readonly string[];
  /** Epoch of the project at mint; a higher epoch of the project revokes the token. */
  readonly epoch: number;
  /** The end of the token, or of the grant itself when no token speaks for it, in seconds since 1970. */
  readonly exp: number;
  readonly cap: Capability;
}

/** A grant as a verified token states it, parsed. Times in seconds since 1970 (RFC 7519). */
export interface VerifiedToken extends Grant {
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly nbf: number;
  readonly kid: string;
  /** Key thumbprint for proof of possession (RFC 7800), present when the request for the token named a key. */
  readonly cnf?: { readonly jkt: string };
}
