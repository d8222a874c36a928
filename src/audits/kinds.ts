import type { auditKinds } from '../plan/kinds.ts';

/** Kind of an audit. */
export type AuditKind = (typeof auditKinds)[number];

/** Options of an audit. */
export interface AuditOptions {
  /** For `idle`: milliseconds after which an idle agent is reported. */
  readonly overMs?: number | undefined;
}

/** The finding of an audit, for programs and for people. */
export interface AuditFinding {
  /** True when the executive tier is to be told at once. */
  readonly alert: boolean;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly result: Record<string, unknown>;
  /** True when the finding tells of something that came since the audit before. */
  readonly isNew: boolean;
  /**
   * The lasting facts that the finding tells of, without words that change with time alone. A finding that is not
   * new, with the facts of the one before, is told to nobody again.
   */
  readonly facts: readonly unknown[];
}
