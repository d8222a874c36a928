import type { auditKinds } from '../plan/kinds.ts';

export type AuditKind = (typeof auditKinds)[number];

export interface AuditOptions {
  /** With `idle`: from how many milliseconds on an idle agent is told of. */
  readonly overMs?: number | undefined;
}

/** What an audit found, for programs and for people. */
export interface AuditFinding {
  /** True when the executive tier is to be told at once. */
  readonly alert: boolean;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly result: Record<string, unknown>;
}
