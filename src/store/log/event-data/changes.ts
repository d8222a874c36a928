import type { Budget } from '../../../tiers/capability.ts';
import type { Landed, Lease, Nothing, OfTask, Why } from './shared.ts';

/** Data of events about changes: pushed, gated, judged, landed. */
export interface ChangeData {
  'change.approved': OfTask & { readonly tree: string };
  'change.landed': Landed;
  'change.pushed': Lease & {
    readonly refs: readonly string[];
    readonly tips: readonly string[];
    /** The first hundred commits. */
    readonly commits: readonly string[];
    readonly count: number;
  };
  'change.rebuilt': OfTask & {
    /** The trees before and after. */
    readonly from: string;
    readonly to: string;
    readonly base: string;
    readonly verdictKept: boolean;
  };
  'change.refused': OfTask & Why & { readonly note: string };
  'change.submitted': OfTask &
    Lease & {
      readonly commit: string;
      readonly tree: string;
      readonly state: string;
      /** Absent for an artefact. */
      readonly size?: Pick<Budget, 'commits' | 'files' | 'lines'>;
    };
  'gate.ended': OfTask & {
    readonly gate: string;
    readonly tree: string;
    readonly passed: boolean;
    readonly exitCode: number | null;
    readonly ms: number;
    readonly sandboxed: boolean;
    /** Present, with the mark of the command, only after a time limit. */
    readonly timedOut?: true;
    readonly command?: string | null;
  };
  /** Either every gate of a tree, or one that a person passed by hand. */
  'gate.passed': OfTask & { readonly tree: string } & (
      | { readonly all: true }
      | { readonly gate: string; readonly note: string; readonly ownWork: boolean }
    );
  /** Not emitted by this version; see `kept` in test/store/event-types.test.ts. */
  'gate.started': Nothing;
  'landing.intended': Landed & { readonly commit: string; readonly tree: string };
  'landing.voided': OfTask & Why & { readonly landing: string };
  'verdict.given': OfTask & {
    readonly verdict: string;
    readonly approve: boolean;
    readonly tree: string;
    readonly reasons: readonly string[];
    readonly ownWork: boolean;
  };
}
