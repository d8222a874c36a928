import type { Reason } from '../../lib/decision.ts';
import type { Store } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Grant, VerifiedToken } from '../../tiers/capability.ts';

/** One call that asks for admission: its grant, and its token, if a token speaks for the grant. */
export interface Call {
  readonly grant: Grant;
  /**
   * Undefined only for the standing grant of a trigger's owner. A token can be revoked by its own id, apart
   * from its grant.
   */
  readonly token: VerifiedToken | undefined;
  /** Chosen by the client; a retry with it gets the stored answer. */
  readonly requestId?: string | undefined;
  /** One of several calls that share the request id. */
  readonly batch?: boolean | undefined;
}

/** The call of a bearer that shows a token. */
export const callOf = (token: VerifiedToken, options: Pick<Call, 'requestId' | 'batch'> = {}): Call => ({
  grant: token,
  token,
  ...options,
});

/** The services that admission itself needs; a procedure brings the further services of its action. */
export interface Admission {
  readonly store: Store;
  /** Sequences committed events. */
  readonly sequencer: { wake(): void };
  /** The log as memory has read it. */
  readonly feed: { readonly silentMs: number; freshen(silentMsMax: number, waitsMs: number): Promise<void> };
  /** Memory of revocations and known projects, fed by the log. */
  readonly tokens: {
    revoked(grant: Grant): Reason | undefined;
    epochOf(project: string): number;
    raisedAt(project: string): number | undefined;
    knowsProject(project: string): boolean;
  };
  /** Set while the database is below the mark of its log, which is kept outside of it: no state changes then. */
  readonly logKeeper: { readonly reason: Reason | undefined };
  readonly metrics: { decided(action: Action, allowed: boolean): void };
  readonly log: { error(what: object, words: string): void };
  /** Seconds since 1970 by the database's clock, at its last reading. */
  nowSeconds(): number;
  /** Takes the database's clock from a transaction: memory's clock is never behind it. */
  seeTime(now: Date): void;
}

/** A refused call, with every reason, as the log records it. */
export interface Denial {
  readonly project: string;
  readonly action: Action;
  readonly subject: string;
  readonly reasons: readonly Reason[];
}
