export interface SampleOptions {
  readonly exit?: boolean;
  readonly folder?: string;
  readonly databaseUrl?: string;
}
