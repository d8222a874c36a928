import type { Reason } from '../../../lib/decision.ts';

/** Data of an event that consists of its type and its subject. */
export type Nothing = Readonly<Record<string, never>>;

/** A refusal in the log; codes of earlier and later versions stand beside those of this one. */
export type LoggedReason = Omit<Reason, 'code'> & { readonly code: string };

export const revocationKinds = ['token', 'grant', 'agent', 'key'] as const;
/** Kind of thing that a revocation ends. */
export type RevocationKind = (typeof revocationKinds)[number];

/** A revocation as it is stored and as its event carries it. */
export interface RevocationEntry {
  readonly project: string;
  readonly kind: RevocationKind;
  readonly value: string;
}

/** The lease, or the epoch that begins. */
export interface Lease {
  readonly epoch: number;
}

/** Names the task of an event. */
export interface OfTask {
  readonly task: string;
}

/** Names the trigger of an event. */
export interface OfTrigger {
  /** Id of the trigger. */
  readonly trigger: string;
}

/** Ids of the triggers that led to this event, the first one first. */
export interface Caused extends OfTrigger {
  readonly causes: readonly string[];
}

/** Names the kind of an audit. */
export interface Audited {
  readonly kind: string;
}

/** A landing: from one commit of main to the next. */
export interface Landed extends OfTask {
  readonly landing: string;
  readonly from: string;
  readonly to: string;
}

/** A stop: its colour, its scope, the reason. */
export interface Stopped {
  readonly colour: string;
  readonly scope: string;
  readonly why: string;
}

/** The agent of a run, and the run's task. */
export interface RunOf {
  readonly agent: string;
  readonly task: string | null;
}

/** The reason that a principal gave. */
export interface Why {
  readonly why: string;
}

/** A root cause: the whys down to it, the cause itself, and the measure that prevents it. */
export interface Explained {
  readonly whys: readonly { readonly why: string; readonly evidence: string }[];
  readonly kind: string;
  readonly prevention: string;
}

/** One changed guard of a plan: its place, the two values in words, and the meaning of the change. */
export interface GuardLine {
  /** `gates.tests.run`, `limits.wip`, `tasks.cart.unprotect`. */
  readonly where: string;
  /** Null for a guard that is new. */
  readonly before: string | null;
  /** Null for a guard that is gone. */
  readonly after: string | null;
  /** True when more passes with the change than without it. */
  readonly weakens: boolean;
  /** True when only a person may apply the change. */
  readonly personOnly: boolean;
}
