/**
 * Shapes of the answers that the page is made of: the gateway answers them and the page reads them, after JSON, so times are
 * texts. Types alone: the page imports this file, and nothing of the gateway comes along.
 */

import type { Reason } from '../../lib/decision.ts';

/** A session, as its page is told. */
export interface OpenedSession {
  readonly session: string;
  readonly agent: string;
  readonly project: string;
  readonly readOnly: boolean;
  readonly expiresAt: string;
}

/** Things that a stop holds now. */
export interface HeldThings {
  readonly tasks: readonly string[];
  readonly runs: readonly string[];
  readonly landings: readonly string[];
}

/** An open stop. */
export interface WallStop {
  readonly id: string;
  /** `*` for a stop of every project. */
  readonly project: string;
  readonly colour: 'yellow' | 'red';
  readonly scope: string;
  readonly why: string;
  readonly cause: string;
  readonly by: string;
  readonly at: string;
  readonly holds: HeldThings;
}

/** A phase of a plan, with its tasks that are done. */
export interface WallPhase {
  readonly project: string;
  readonly name: string;
  readonly open: boolean;
  readonly done: number;
  readonly tasks: number;
}

/** A project at a glance. */
export interface WallProject {
  readonly name: string;
  readonly main: string | null;
  readonly branch: string;
  readonly epoch: number;
  readonly revision: number;
  readonly wip: { readonly running: number; readonly limit: number | null };
  readonly landedToday: number;
}

/** An agent at work, or one that was within the hour. */
export interface WallAgent {
  readonly project: string;
  readonly name: string;
  readonly tier: string;
  readonly profile: string | null;
  readonly run: string | null;
  readonly runState: string | null;
  readonly outcome: string | null;
  readonly task: string | null;
  readonly epoch: number | null;
  readonly phase: string | null;
  /** The last accepted event of this agent: the proof that something was done, and not a status that it claims. */
  readonly lastAt: string | null;
  readonly lastType: string | null;
  /** Refusals since the last accepted push or submission, and the code of the newest. */
  readonly refusals: number;
  readonly refusedFor: string | null;
  readonly usdMicro: number;
  readonly tokens: number;
  readonly startedAt: string | null;
  /** The question that it waits for, if it waits for one. */
  readonly waits: string | null;
}

/** Tasks by state, and those past their deadline. */
export interface WallCounts {
  readonly byState: Readonly<Record<string, number>>;
  readonly overdue: number;
}

/** Facts of the wall. Events are folded into them; `position` is the event that they hold at. */
export interface WallFacts {
  readonly position: number;
  readonly now: string;
  readonly projects: readonly WallProject[];
  readonly stops: readonly WallStop[];
  readonly phases: readonly WallPhase[];
  readonly counts: WallCounts;
  readonly agents: readonly WallAgent[];
  /** Agents beyond those. */
  readonly more: number;
}

/** Kinds of things that wait for a person. */
export type MineKind =
  | 'red'
  | 'yellow'
  | 'question'
  | 'disagreement'
  | 'gate'
  | 'verdict'
  | 'run'
  | 'trigger';

/** A thing that waits for a person. */
export interface MineItem {
  readonly kind: MineKind;
  /** The id of the thing: stop, question, change, run, trigger. */
  readonly id: string;
  readonly project: string;
  readonly subject: string;
  readonly title: string;
  readonly since: string;
  readonly by: string;
  /** Agents that are idle because of it. */
  readonly blocks: readonly string[];
  readonly mayAct: boolean;
  /** The reason against it, where the person may not. */
  readonly why?: Reason;
  /** Path of its screen in the page. */
  readonly link: string;
  /** More of what is judged: the name of the gate, the change of a gate. */
  readonly gate?: string;
  readonly change?: string;
  readonly task?: string;
  /** The principal that the asker of a question disagrees with. */
  readonly against?: string;
}

/** Everything that waits for the person of the session: first that which blocks most. */
export interface MineAnswer {
  readonly position: number;
  readonly now: string;
  readonly items: readonly MineItem[];
  /** All of them, also those beyond the limit. */
  readonly total: number;
  /** Things to look at that block nobody, by kind. */
  readonly forEyes: Readonly<Record<string, number>>;
}

/** A dry run of a decision. */
export interface PreviewAnswer {
  readonly allowed: boolean;
  readonly effects: readonly { readonly kind: string; readonly id: string }[];
  readonly refused: readonly Reason[];
}

/** A session, as the owner of its grant sees it. */
export interface PageSessionRow {
  readonly id: string;
  readonly agent: string;
  readonly origin: string;
  readonly readOnly: boolean;
  readonly createdAt: string;
  readonly seenAt: string;
  readonly expiresAt: string;
  readonly endedAt: string | null;
}
