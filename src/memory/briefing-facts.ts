import type { ToldAttempt } from '../messages/task-words.ts';

/** An attempt at a task, as a briefing tells of it. */
export interface BriefedAttempt extends ToldAttempt {
  readonly commit: string | null;
  /** Paths that its pushes changed, at most two hundred. */
  readonly files: readonly string[];
}

/** The last words of an agent about its work on a task. */
export interface TaskCheckpoint {
  readonly epoch: number;
  readonly agent: string;
  /** The profile of the agent; empty for a grant without one. */
  readonly profile: string;
  readonly done: readonly string[];
  readonly next: readonly string[];
  readonly files: readonly string[];
  readonly items: readonly string[];
  readonly blockers: readonly string[];
  readonly note: string;
  readonly at: string;
}

/** A question about a task; its answer is null while it is open. */
export interface BriefedQuestion {
  readonly id: string;
  readonly question: string;
  readonly answer: string | null;
  readonly by: string | null;
}

/** A task that the reader of a briefing holds, held last, or asks about. */
export interface BriefedTask {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly epoch: number;
  readonly holder: string | null;
  readonly leaseUntil: string | null;
  /** The name of its phase while that is closed. */
  readonly closedPhase: string | null;
  readonly write: readonly string[];
  readonly deny: readonly string[];
  readonly gates: readonly string[];
  readonly description: string;
  readonly descriptionLength: number;
  readonly acceptance: readonly string[];
  readonly attempts: readonly BriefedAttempt[];
  readonly checkpoints: readonly TaskCheckpoint[];
  readonly questions: readonly BriefedQuestion[];
  readonly needs: readonly string[];
  readonly overlaps: readonly string[];
  readonly change: { readonly id: string; readonly state: string } | null;
}

/** A change that waits for a judgement. */
export interface BriefedChange {
  readonly id: string;
  readonly task: string;
  readonly author: string;
}

/** A decision that affects the files of a task. */
export interface BriefedDecision {
  readonly id: string;
  readonly question: string;
  readonly decision: string;
}

/** A solution of an error that the last attempt met. */
export interface BriefedSolution {
  readonly id: string;
  readonly error: string;
  readonly cause: string;
  readonly fix: string;
  readonly tried: number;
  readonly worked: number;
}

/** The reader of a briefing, and its bounds. */
export interface BriefedReader {
  readonly agent: string;
  readonly grant: string;
  readonly project: string;
  readonly role: string;
  readonly tier: 'human' | 'executive' | 'implementer' | 'validator';
  readonly purpose: string;
  /** The write scope in words. */
  readonly write: string;
  readonly complexity: number;
  readonly functionLines: number;
  readonly actions: readonly string[];
}

/** A stop that holds the reader's work: its short id, and its words, in which people speak. */
export interface BriefedStop {
  readonly subject: string;
  readonly words: string;
}

/** Ready tasks that a briefing counts: counting ten thousand takes as long as all the rest of it. */
export const readyCountMax = 100;

/** Everything that a briefing is made from. */
export interface BriefingFacts {
  readonly reader: BriefedReader;
  /** Tasks that the reader holds; without any, the one that it worked on last or asks about. */
  readonly tasks: readonly BriefedTask[];
  /** The next tasks of the plan that are ready. */
  readonly ready: readonly { readonly id: string; readonly title: string }[];
  /** The number of all ready tasks; one more than `readyCountMax` for any larger one. */
  readonly readyCount: number;
  readonly changes: readonly BriefedChange[];
  /** Standing decisions that affect the files of the first task. */
  readonly decisions: readonly BriefedDecision[];
  /** Solutions of errors that the last attempt at the first task met. */
  readonly solutions: readonly BriefedSolution[];
  readonly stops: readonly BriefedStop[];
  /** Unread messages of the reader and of its tier. */
  readonly unread: number;
  readonly openQuestions: readonly { readonly id: string; readonly task: string }[];
}
