import type { RootCause } from './root-cause.ts';
import type { stops } from './schema.ts';
import type { Colour, Scope, Stop, StopReason } from './stop-scope.ts';

/** A row as the table gives it. */
export type StoredStop = Readonly<Omit<typeof stops.$inferSelect, 'grantId' | 'clearedGrantId'>>;

/** The principal that clears a stop, and the reason why work may go on. */
export interface Cleared {
  readonly by: string;
  readonly grantId?: string;
  readonly why: string;
  readonly rootCause?: RootCause | undefined;
}

/** A pull of the cord. */
export interface CordDraft {
  /** `*` with the scope `all`, and only then. */
  readonly project: string;
  readonly colour: Colour;
  readonly scope: Scope;
  readonly why: string;
  readonly cause: StopReason;
  /** The thing that the stop is about: `run/run_…`, `change/chg_…`. */
  readonly subject: string;
  /** The principal, or `gateway`. */
  readonly by: string;
  readonly grantId?: string;
  /**
   * True for a finding that cannot be mended: the pull is not repeated for the same cause and subject, even
   * after that stop was cleared.
   */
  readonly once?: boolean;
}

/** A stop with its whole history. */
export type StopRow = Omit<StoredStop, 'scopeKind' | 'scopeValue'> & Stop;
