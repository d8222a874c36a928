/**
 * Fixed limits of the product; each name ends in its unit. Limits that a project may choose are in its plan
 * instead.
 */
export const limits = {
  tokenBytesMax: 4096,
  bodyBytesMax: 1024 * 1024,
  batchCallsMax: 16,
  jsonDepthMax: 64,
  pathBytesMax: 1024,
  segmentBytesMax: 255,
  globsMax: 64,
  globBytesMax: 256,
  scopeEffortMax: 1_000_000,
  pushCommitsMax: 2_000,
  pushPathsMax: 20_000,
  pushBytesMax: 512 * 1024 * 1024,
  blobBytesMax: 100 * 1024 * 1024,
  sourceBytesMax: 1024 * 1024,
  /** A file above this is not read: it is measured up to here, so that old code above the limit can be mended. */
  analysisBytesMax: 4 * 1024 * 1024,
  sourceLinesMax: 20_000,
  sourceColumnsMax: 5_000,
  analysisMsMax: 5_000,
  agentTokenSecondsMax: 15 * 60,
  executiveTokenSecondsMax: 60 * 60,
  humanTokenSecondsMax: 12 * 60 * 60,
  /** Time for which the predecessor of a renewed token stays good. */
  replacedGraceMs: 30_000,
  lineageMax: 4,
  gateOutputBytesMax: 256 * 1024,
  verdictBytesMax: 64 * 1024,
  gateMsDefault: 10 * 60 * 1000,
  leaseMsDefault: 60_000,
  /**
   * Connections to PostgreSQL. Transactions are short, so more than a few for each core of the database only make them
   * wait for one another: at 32 claimants on 2 cores, 16 give three quarters of what 8 give.
   */
  connectionsDefault: 8,
  complexityDefault: 8,
  functionLinesDefault: 60,
} as const;
