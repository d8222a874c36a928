/** A candidate on some main. */
export interface MergeCandidate {
  readonly base: string;
  readonly candidate: string;
  readonly tree: string;
}

export interface LandingMove {
  readonly change: string;
  readonly oldMain: string;
  readonly newMain: string;
  readonly fence: string;
}

export interface LandingParts {
  readonly main: string;
  readonly commit: string;
  readonly tree: string;
  readonly message: string;
  readonly at: Date;
}

/** What the line does with the repository of a project. */
export interface GitPort {
  main(project: string): Promise<string>;
  /** Merges `commit` with main as it is now. */
  rebuild(
    project: string,
    commit: string,
  ): Promise<MergeCandidate | { readonly conflicts: readonly string[] }>;
  /** True when two candidates change the same paths to the same blobs: a clean rebuild of an unchanged patch. */
  samePatch(project: string, before: MergeCandidate, after: MergeCandidate): Promise<boolean>;
  keepCandidate(project: string, change: string, candidate: string): Promise<void>;
  dropCandidate(project: string, change: string): Promise<void>;
  /** The merge commit that lands, with its trailers; an object, no ref moves yet. */
  landingCommit(project: string, parts: LandingParts): Promise<string>;
  fence(project: string): Promise<string>;
  /** Makes every landing with an earlier fence impossible; returns the new one. */
  raiseFence(project: string): Promise<string>;
  /** Moves main in one step, if main and fence are still what the landing says. */
  moveMain(project: string, move: LandingMove): Promise<boolean>;
  /** True when main has `commit` in its history. */
  landed(project: string, commit: string): Promise<boolean>;
  checkout(project: string, commit: string, folder: string): Promise<void>;
}
