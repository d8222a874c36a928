/** The set-up of a gate: what it runs on which files, and what of it the gate gets. */
export interface SetupOrder {
  readonly run: string;
  /** Files of the candidate that are all it sees. */
  readonly from: readonly string[];
  /** Paths of its outcome, of which every gate gets a copy. */
  readonly keep: readonly string[];
  readonly network: boolean;
  readonly timeoutMs: number;
  /** The tree that alone may read its entry, where changes on it may alter `from`; null for an entry of everybody. */
  readonly own: string | null;
}
