export interface SampleOptions {
  readonly exit?: boolean;
  /** Show triggers of every kind, in the place of the whole line. */
  readonly triggers?: boolean;
  readonly folder?: string;
  readonly databaseUrl?: string;
  /** Be one of the agents of the sample, in a run. */
  readonly agent?: string;
}
