/** An object id in lower-case hex: 40 digits (SHA-1) or 64 (SHA-256). */
export type Oid = string;

/** One path in which two trees differ. `old…` is absent for an added path, `new…` for a deleted one. */
export interface PathChange {
  /** Decoded as UTF-8; an invalid byte becomes U+FFFD, which no accepted path holds. */
  readonly path: string;
  /** Octal digits exactly as the tree object holds them. */
  readonly oldMode?: string;
  readonly newMode?: string;
  readonly oldOid?: Oid;
  readonly newOid?: Oid;
  /** Size of the new blob in bytes, when measured. */
  readonly bytes?: number;
}

/** An oddity in the bytes of a new tree that git itself never writes. */
export interface Oddity {
  readonly kind: 'unsorted' | 'duplicate' | 'slash' | 'empty' | 'mode';
  readonly path: string;
  readonly found: string;
}

/** The immutable facts of one commit, given the accepted commits that it stands on. */
export interface CommitFacts {
  readonly oid: Oid;
  readonly parents: readonly Oid[];
  readonly tree: Oid;
  /** The maximal accepted ancestors; empty for a commit that stands on nothing accepted. */
  readonly accepted: readonly Oid[];
  /** The tree of the accepted ancestors, merged mechanically; absent when there is none. */
  readonly baseTree?: Oid;
  /** Paths on which that merge conflicts. */
  readonly conflicts: readonly string[];
  /** The difference between base tree and tree, sorted by path. */
  readonly changes: readonly PathChange[];
  readonly oddities: readonly Oddity[];
  /** An added path, and one of the same tree that differs from it only by case or Unicode form. */
  readonly twins: readonly (readonly [added: string, other: string])[];
  /** The first line of the message that claims to be the gateway's trailer. */
  readonly trailer?: string;
  /** A header `encoding` under which the message cannot be searched as bytes. */
  readonly encoding?: string;
}

/** A limit that a push exceeds; the facts end where the limit was met. */
export interface Excess {
  readonly what: 'commits' | 'paths' | 'depth' | 'merges';
  readonly limit: number;
}

/** The facts of a push: one row for every commit that is not accepted yet, parents first. */
export interface PushFacts {
  readonly tip: Oid;
  readonly commits: readonly CommitFacts[];
  /** True once the project has accepted a commit; in an empty project a root commit is no fault. */
  readonly acceptedAny: boolean;
  readonly excess?: Excess;
}

/** The paths that a change may touch, as its grant and task allow. */
export interface TreeScope {
  writable(path: string): boolean;
  /**
   * The tools that read a file which stays closed under every scope, in words: `npm, yarn`; undefined for any
   * other path.
   */
  protectedBy(path: string): string | undefined;
  readonly mayDelete: boolean;
  /** The write scope in words, for refusals: `src/cart/**, test/cart/**`. */
  readonly words: string;
}
