/** Process exit codes of the CLI; frozen by a test, documented in docs/tools.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  cancelled: 3,
  refused: 4,
  notFound: 5,
  conflict: 6,
  stopped: 7,
  nothing: 8,
  unreachable: 9,
} as const;

/** Name of an exit code of the table. */
export type ExitName = keyof typeof exitCodes;

/** The row of one stable code in the table. `rule` is the sentence that was broken; `next` says how to go on. */
export interface CodeRow {
  readonly http: number;
  readonly exit: ExitName;
  readonly rule: string;
  readonly next: string;
}

/** Shorthand so that every code stays one line of the table. */
export const row = (http: number, exit: ExitName, rule: string, next: string): CodeRow => ({
  http,
  exit,
  rule,
  next,
});
