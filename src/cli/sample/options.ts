export interface SampleOptions {
  readonly exit?: boolean;
  readonly folder?: string;
  readonly databaseUrl?: string;
  /** Be one of the agents of the sample, in a run. */
  readonly agent?: string;
}
