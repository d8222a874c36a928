/** Options of `andon sample`. */
export interface SampleOptions {
  readonly exit?: boolean;
  /** Show triggers of every kind, in the place of the whole line. */
  readonly triggers?: boolean;
  /** Show twelve agents that land twenty tasks through the queue. */
  readonly fleet?: boolean;
  readonly folder?: string;
  readonly databaseUrl?: string;
  /** Name of the agent of the sample to be, in a run. */
  readonly agent?: string;
}
