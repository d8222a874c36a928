import { sql } from 'drizzle-orm';
import { boolean, integer, jsonb, pgTable, primaryKey, real, text, timestamp } from 'drizzle-orm/pg-core';

const at = (name: string) => timestamp(name, { withTimezone: true });
const now = sql`andon_now()`;
const texts = (name: string) => text(name).array().notNull().default([]);

/** The last words of an agent of each profile about its work on a task. */
export const taskCheckpoints = pgTable(
  'task_checkpoints',
  {
    project: text('project').notNull(),
    task: text('task').notNull(),
    /** Empty for a grant without a profile. */
    profile: text('profile').notNull(),
    epoch: integer('epoch').notNull(),
    agent: text('agent').notNull(),
    done: texts('done'),
    next: texts('next'),
    files: texts('files'),
    items: texts('items'),
    blockers: texts('blockers'),
    note: text('note').notNull().default(''),
    at: at('at').notNull().default(now),
  },
  (table) => [primaryKey({ columns: [table.project, table.task, table.profile] })],
);

/** An alternative that a decision did not take, and the reason. */
export interface RejectedOption {
  readonly option: string;
  readonly reason: string;
}

/** Decisions of executives and people, with their reasons. */
export const decisions = pgTable('decisions', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  /** Counts the decisions of the project: the number of its file. */
  number: integer('number').notNull(),
  question: text('question').notNull(),
  decision: text('decision').notNull(),
  rationale: text('rationale').notNull(),
  rejected: jsonb('rejected').$type<readonly RejectedOption[]>().notNull(),
  /** From 0 to 1. */
  confidence: real('confidence'),
  madeBy: text('made_by').notNull(),
  affects: texts('affects'),
  supersedes: text('supersedes'),
  supersededBy: text('superseded_by'),
  /** The file in the repository that it came from, and the text of that. */
  file: text('file'),
  source: text('source'),
  at: at('at').notNull().default(now),
  /** Beginnings of the globs, and all folders above them. */
  roots: texts('roots'),
  above: texts('above'),
  /** Terms of all texts, and those of the question. */
  terms: texts('terms'),
  questionTerms: texts('question_terms'),
});

/** The number of decisions of a project that hold a term; the empty term counts all. */
export const decisionTerms = pgTable(
  'decision_terms',
  { project: text('project').notNull(), term: text('term').notNull(), n: integer('n').notNull() },
  (table) => [primaryKey({ columns: [table.project, table.term] })],
);

/** Errors that gates ended with, by the attempt that they refused. */
export const gateErrors = pgTable(
  'gate_errors',
  {
    project: text('project').notNull(),
    task: text('task').notNull(),
    epoch: integer('epoch').notNull(),
    gate: text('gate').notNull(),
    commitId: text('commit_id').notNull(),
    error: text('error').notNull(),
    masked: text('masked').notNull(),
    fingerprint: text('fingerprint').notNull(),
    /** The epoch of the attempt that passed the gate later. */
    passedEpoch: integer('passed_epoch'),
    at: at('at').notNull().default(now),
  },
  (table) => [primaryKey({ columns: [table.project, table.task, table.epoch, table.gate] })],
);

/** Solutions of errors: the work between a gate that failed and the attempt that passed it. */
export const solutions = pgTable('solutions', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  fingerprint: text('fingerprint').notNull(),
  masked: text('masked').notNull(),
  error: text('error').notNull(),
  gate: text('gate').notNull(),
  task: text('task').notNull(),
  failedCommit: text('failed_commit').notNull(),
  fixedCommit: text('fixed_commit').notNull(),
  fixedBy: text('fixed_by').notNull(),
  cause: text('cause').notNull().default(''),
  fix: text('fix').notNull().default(''),
  describedBy: text('described_by'),
  /** The attempts that were told of it, and those of them that passed the gate. */
  tried: integer('tried').notNull().default(0),
  worked: integer('worked').notNull().default(0),
  at: at('at').notNull().default(now),
});

/** The attempts after which a solution was told, and what became of it. */
export const solutionUses = pgTable(
  'solution_uses',
  {
    solution: text('solution').notNull(),
    project: text('project').notNull(),
    task: text('task').notNull(),
    /** The attempt that met the error; the next one was told. */
    epoch: integer('epoch').notNull(),
    gate: text('gate').notNull(),
    /** Null until the next attempt has ended. */
    worked: boolean('worked'),
    at: at('at').notNull().default(now),
  },
  (table) => [primaryKey({ columns: [table.solution, table.task, table.epoch] })],
);
