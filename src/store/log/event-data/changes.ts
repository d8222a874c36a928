import type { Budget } from '../../../tiers/capability.ts';
import type { Landed, Lease, OfTask, Why } from './shared.ts';

/** The gate and the tree of a run: for the change of a task, or for changes that the queue tests together. */
export type GateRunOf = (OfTask | { readonly changes: readonly string[] }) & {
  readonly gate: string;
  readonly tree: string;
};

/** Whoever carries a gate out: `gateway`, or a runner with its grant, and how that contains the command. */
export interface GateBy {
  /** Id of the gate run. */
  readonly run: string;
  readonly runner: string;
  readonly grant: string | null;
  readonly containment: string;
}

/** The place of a landing in the swap of main that it is part of. */
export interface InSwap {
  readonly position: number;
  readonly batch: number;
}

/** Data of events about changes: pushed, gated, judged, landed. */
export interface ChangeData {
  'change.approved': OfTask & { readonly tree: string };
  'change.landed': Landed & InSwap & { readonly vouchedBy: readonly string[] };
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
  'gate.ended': GateRunOf &
    GateBy & {
      /** The run that it repeats. */
      readonly repeats?: string;
      readonly passed: boolean;
      readonly exitCode: number | null;
      readonly ms: number;
      readonly sandboxed: boolean;
      /** Present, with the mark of the command, only after a time limit. */
      readonly timedOut?: true;
      readonly command?: string | null;
    };
  /** Either every gate of a tree, or one that a person passed by hand. */
  'verdict.requested': OfTask & { readonly tree: string; readonly gates: readonly string[] };
  'gate.passed': OfTask & { readonly tree: string } & (
      | { readonly all: true }
      | { readonly gate: string; readonly note: string; readonly ownWork: boolean }
    );
  /** A tree has both passed and failed the same gate; said once. */
  'gate.flaky': { readonly gate: string; readonly tree: string };
  /** A taker is asked to repeat a run that passed elsewhere. */
  'gate.repeated': {
    readonly run: string;
    readonly gate: string;
    readonly tree: string;
    readonly repeats: string;
    readonly on: string;
  };
  'gate.started': GateRunOf &
    GateBy & {
      /** Median of the last ten runs of the gate that passed. */
      readonly medianMs: number | null;
    };
  /** A pass counts no more; `landed` are the changes that had landed on it. */
  'gate.voided': Omit<GateBy, 'containment'> &
    Why & {
      readonly gate: string;
      readonly tree: string;
      readonly landed: readonly string[];
    };
  'landing.intended': Landed & InSwap & { readonly commit: string; readonly tree: string };
  'landing.voided': OfTask & Why & { readonly landing: string };
  /** A person or a lead holds a change, lets it go, or gives it a place. */
  'queue.held': OfTask & Why;
  'queue.released': OfTask & Why;
  'queue.moved': OfTask & Why & { readonly to: number };
  /** The members of a part that passed on `main` by itself: they go to the end of the queue. */
  'queue.cleared': { readonly main: string; readonly changes: readonly string[] };
  /** Changes whose tree failed a gate together: each part is tested on `main` by itself. */
  'queue.parted': {
    readonly main: string;
    readonly parts: readonly (readonly string[])[];
    readonly strikes: number;
    /** The gate that failed; absent where the plan declares it no longer. */
    readonly gate?: string;
  };
  /** The set-up of a gate failed on a machine: the gate waits, and nobody is blamed. */
  'setup.failed': Omit<GateBy, 'containment'> & Why & { readonly gate: string; readonly tree: string };
  'verdict.given': OfTask & {
    readonly verdict: string;
    readonly approve: boolean;
    readonly tree: string;
    readonly reasons: readonly string[];
    readonly ownWork: boolean;
  };
}
