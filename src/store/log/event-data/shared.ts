import type { Reason } from '../../../lib/decision.ts';

/** Says nothing beyond its type and its subject. */
export type Nothing = Readonly<Record<string, never>>;

/** A refusal in the log; codes of earlier and later versions stand beside those of this one. */
export type LoggedReason = Omit<Reason, 'code'> & { readonly code: string };

export const revocationKinds = ['token', 'grant', 'agent', 'key'] as const;
export type RevocationKind = (typeof revocationKinds)[number];

/** A revocation as it is stored and as its event carries it. */
export interface RevocationEntry {
  readonly project: string;
  readonly kind: RevocationKind;
  readonly value: string;
}

/** Under which lease, or into which epoch. */
export interface Lease {
  readonly epoch: number;
}

/** About a task. */
export interface OfTask {
  readonly task: string;
}

export interface OfTrigger {
  /** Its id. */
  readonly trigger: string;
}

/** Ids of the triggers that led to this, the first one first. */
export interface Caused extends OfTrigger {
  readonly causes: readonly string[];
}

/** Of which kind an audit is. */
export interface Audited {
  readonly kind: string;
}

/** A landing: from one commit of main to the next. */
export interface Landed extends OfTask {
  readonly landing: string;
  readonly from: string;
  readonly to: string;
}

/** A stop: its colour, what it holds, the reason. */
export interface Stopped {
  readonly colour: string;
  readonly scope: string;
  readonly why: string;
}

/** The agent of a run, and its task. */
export interface RunOf {
  readonly agent: string;
  readonly task: string | null;
}

/** The reason that was given. */
export interface Why {
  readonly why: string;
}

/** A root cause: the whys down to it, what it comes down to, and what keeps it away. */
export interface Explained {
  readonly whys: readonly { readonly why: string; readonly evidence: string }[];
  readonly kind: string;
  readonly prevention: string;
}
