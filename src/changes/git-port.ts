/** A candidate for landing, with the main that it was built on. */
export interface MergeCandidate {
  readonly base: string;
  readonly candidate: string;
  readonly tree: string;
}

/** One move of main, with the fence that it is made under. */
export interface LandingMove {
  readonly oldMain: string;
  readonly newMain: string;
  readonly fence: string;
}

/** The parts of a landing's merge commit. */
export interface LandingParts {
  readonly main: string;
  readonly commit: string;
  readonly tree: string;
  readonly message: string;
  readonly at: Date;
}

/** The operations of landing on the repository of a project. */
export interface GitPort {
  main(project: string): Promise<string>;
  /** The tree of a commit. */
  treeOf(project: string, commit: string): Promise<string>;
  /** Merges `commit` with a base: main, or a candidate that others are merged into. */
  rebuild(
    project: string,
    commit: string,
    base: string,
  ): Promise<MergeCandidate | { readonly conflicts: readonly string[] }>;
  /** True when two candidates change the same paths to the same blobs: a clean rebuild of an unchanged patch. */
  samePatch(project: string, before: MergeCandidate, after: MergeCandidate): Promise<boolean>;
  keepCandidate(project: string, change: string, candidate: string): Promise<void>;
  dropCandidate(project: string, change: string): Promise<void>;
  /** Makes the merge commit that lands, with its trailers; moves no ref. */
  landingCommit(project: string, parts: LandingParts): Promise<string>;
  fence(project: string): Promise<string>;
  /** Makes every landing with an earlier fence impossible; returns the new fence. */
  raiseFence(project: string): Promise<string>;
  /** Moves main in one step, if main and fence still have the values of the landing. */
  moveMain(project: string, move: LandingMove): Promise<boolean>;
  /** True when main has `commit` in its history. */
  landed(project: string, commit: string): Promise<boolean>;
  checkout(project: string, commit: string, folder: string): Promise<void>;
}
