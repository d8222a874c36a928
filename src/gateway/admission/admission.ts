import type { Reason } from '../../lib/decision.ts';
import type { Store } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Grant, VerifiedToken } from '../../tiers/capability.ts';

/** One call that asks to be admitted: by which grant, and by which token where one speaks for the grant. */
export interface Call {
  readonly grant: Grant;
  /** Undefined for the standing grant of a trigger's owner, and for nothing else: a token is revoked by its own name too. */
  readonly token: VerifiedToken | undefined;
  /** Chosen by the client; a retry with it gets the stored answer. */
  readonly requestId?: string | undefined;
  /** One of several calls that share the request id. */
  readonly batch?: boolean | undefined;
}

/** The call of whoever shows a token. */
export const callOf = (token: VerifiedToken, options: Pick<Call, 'requestId' | 'batch'> = {}): Call => ({
  grant: token,
  token,
  ...options,
});

/** The services that admission itself needs; whatever an action needs beside them is the business of its procedure. */
export interface Admission {
  readonly store: Store;
  /** Gives the events that were committed their positions. */
  readonly sequencer: { wake(): void };
  /** The log as memory has read it. */
  readonly feed: { readonly silentMs: number; freshen(silentMsMax: number, waitsMs: number): Promise<void> };
  /** Memory of what is revoked and which projects there are, fed by the log. */
  readonly tokens: {
    revoked(grant: Grant): Reason | undefined;
    epochOf(project: string): number;
    knowsProject(project: string): boolean;
  };
  /** Set while the database is below the mark of its log outside of it: nothing changes then. */
  readonly logKeeper: { readonly reason: Reason | undefined };
  readonly metrics: { decided(action: Action, allowed: boolean): void };
  readonly log: { error(what: object, words: string): void };
  /** Seconds since 1970 by the database's clock, as last read. */
  nowSeconds(): number;
  /** The database's clock as a transaction found it: memory's is never behind that. */
  seeTime(now: Date): void;
}

export interface Denial {
  readonly project: string;
  readonly action: Action;
  readonly subject: string;
  readonly reasons: readonly Reason[];
}
