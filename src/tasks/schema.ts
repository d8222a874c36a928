import { sql } from 'drizzle-orm';
import { boolean, integer, jsonb, pgTable, primaryKey, smallint, text, timestamp } from 'drizzle-orm/pg-core';
import type { AttemptOutcome } from '../messages/task-words.ts';
import type { Plan } from '../plan/plan.ts';
import type { ChangeState, TaskState } from './states.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });

export const projects = pgTable('projects', {
  name: text('name').primaryKey(),
  repository: text('repository').notNull(),
  mainBranch: text('main_branch').notNull().default('main'),
  upstream: text('upstream'),
  /** True for a project that takes what its upstream has by itself, and the person whose setting that is. */
  follows: boolean('follows').notNull().default(false),
  followsBy: text('follows_by'),
  epoch: integer('epoch').notNull().default(1),
  epochRaisedAt: at('epoch_raised_at'),
  planRevision: integer('plan_revision').notNull().default(0),
  plan: jsonb('plan').$type<Plan>(),
  planHash: text('plan_hash'),
  /** False until the project's people were told of the files that the program protects by itself. */
  protectionTold: boolean('protection_told').notNull().default(true),
  createdAt: at('created_at').notNull().default(sql`andon_now()`),
});

/** Every applied plan. */
export const planHistory = pgTable(
  'plan_history',
  {
    project: text('project').notNull(),
    revision: integer('revision').notNull(),
    hash: text('hash').notNull(),
    /** Null where a trigger added a task to the plan before. */
    text: text('text'),
    /** Tasks of the applied plan that the text does not have. */
    added: jsonb('added').$type<Plan['tasks']>().notNull().default({}),
    /** Null where the log does not tell. */
    appliedBy: text('applied_by'),
    trigger: text('trigger'),
    reason: text('reason'),
    /** The revision whose text was applied again. */
    reverts: integer('reverts'),
    at: at('at').notNull().default(sql`andon_now()`),
  },
  (table) => [primaryKey({ columns: [table.project, table.revision] })],
);

export const phases = pgTable(
  'phases',
  {
    project: text('project').notNull(),
    name: text('name').notNull(),
    position: integer('position').notNull(),
    openedAt: at('opened_at'),
  },
  (table) => [primaryKey({ columns: [table.project, table.name] })],
);

export const tasks = pgTable(
  'tasks',
  {
    project: text('project').notNull(),
    id: text('id').notNull(),
    title: text('title').notNull(),
    /** The sort of work. */
    kind: text('kind').notNull().default('task'),
    /** Markdown; empty when the plan says nothing. */
    description: text('description').notNull().default(''),
    acceptance: text('acceptance').array().notNull().default([]),
    phase: text('phase').notNull(),
    state: text('state').$type<TaskState>().notNull(),
    priority: smallint('priority').notNull(),
    position: integer('position').notNull(),
    write: text('write').array().notNull(),
    deny: text('deny').array().notNull(),
    scopeHash: text('scope_hash').notNull(),
    requires: text('requires').array().notNull(),
    gates: text('gates').array().notNull(),
    done: text('done').$type<'landed' | 'approved' | 'artefact'>().notNull(),
    deadline: at('deadline'),
    expectedMinutes: integer('expected_minutes'),
    epoch: integer('epoch').notNull().default(0),
    holder: text('holder'),
    holderGid: text('holder_gid'),
    leaseUntil: at('lease_until'),
    leaseMs: integer('lease_ms'),
    preferred: text('preferred'),
    stateAt: at('state_at').notNull(),
    madeBy: text('made_by'),
  },
  (table) => [primaryKey({ columns: [table.project, table.id] })],
);

/** Attempts at tasks, one an epoch. */
export const taskAttempts = pgTable(
  'task_attempts',
  {
    project: text('project').notNull(),
    task: text('task').notNull(),
    epoch: integer('epoch').notNull(),
    agent: text('agent').notNull(),
    /** Null while the attempt goes on. */
    outcome: text('outcome').$type<AttemptOutcome>(),
    reasons: text('reasons').array().notNull().default([]),
    branch: text('branch'),
    commitId: text('commit_id'),
    /** Paths that its pushes changed, at most two hundred. */
    files: text('files').array().notNull().default([]),
    /** The profile of its claimant, empty for a grant without one; null where it is not known. */
    profile: text('profile'),
    /** Null where it is not known. */
    claimedAt: at('claimed_at'),
    at: at('at').notNull().default(sql`andon_now()`),
  },
  (table) => [primaryKey({ columns: [table.project, table.task, table.epoch] })],
);

export const taskNeeds = pgTable(
  'task_needs',
  { project: text('project').notNull(), task: text('task').notNull(), needs: text('needs').notNull() },
  (table) => [primaryKey({ columns: [table.project, table.task, table.needs] })],
);

/** Pairs of tasks whose write scopes overlap, both ways round. */
export const taskConflicts = pgTable(
  'task_conflicts',
  { project: text('project').notNull(), task: text('task').notNull(), other: text('other').notNull() },
  (table) => [primaryKey({ columns: [table.project, table.task, table.other] })],
);

export const questions = pgTable('questions', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  task: text('task').notNull(),
  askedBy: text('asked_by').notNull(),
  question: text('question').notNull(),
  askedAt: at('asked_at').notNull(),
  answer: text('answer'),
  answeredBy: text('answered_by'),
  /** The principal that the asker disagrees with, and the one found right. */
  against: text('against'),
  decidedFor: text('decided_for'),
  answeredAt: at('answered_at'),
});

export const changes = pgTable('changes', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  /** `sync` for the merge of main with the upstream, whose task is empty and whose commit is the upstream's tip. */
  kind: text('kind').$type<'task' | 'sync'>().notNull().default('task'),
  task: text('task').notNull(),
  epoch: integer('epoch').notNull(),
  commitId: text('commit_id').notNull(),
  base: text('base').notNull(),
  candidate: text('candidate').notNull(),
  tree: text('tree').notNull(),
  state: text('state').$type<ChangeState>().notNull(),
  author: text('author').notNull(),
  gid: text('gid').notNull(),
  lin: text('lin').array().notNull(),
  rebuilt: integer('rebuilt').notNull().default(0),
  note: text('note'),
  landedCommit: text('landed_commit'),
  /** Of a sync: paths that conflict, and the merge that a person has pushed. */
  conflicts: text('conflicts').array().notNull().default([]),
  resolution: text('resolution'),
  createdAt: at('created_at').notNull(),
  stateAt: at('state_at').notNull(),
});

export const verdicts = pgTable('verdicts', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  change: text('change').notNull(),
  tree: text('tree').notNull(),
  approve: boolean('approve').notNull(),
  byAgent: text('by_agent').notNull(),
  gid: text('gid').notNull(),
  lin: text('lin').array().notNull(),
  tier: text('tier').notNull(),
  ownWork: boolean('own_work').notNull(),
  reasons: text('reasons').array().notNull(),
  carriedFrom: text('carried_from'),
  at: at('at').notNull(),
});

export const landings = pgTable('landings', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  change: text('change').notNull(),
  oldMain: text('old_main').notNull(),
  newMain: text('new_main').notNull(),
  fence: text('fence').notNull(),
  state: text('state').$type<'intent' | 'done' | 'void'>().notNull(),
  owner: text('owner').notNull(),
  intentAt: at('intent_at').notNull(),
  endedAt: at('ended_at'),
  /** The place in the swap that it is part of, from 1, and the number of changes of that swap. */
  position: integer('position').notNull().default(1),
  batch: integer('batch').notNull().default(1),
  /** The tree that gates passed on, and their runs; null and empty where no gate is asked for. */
  vouchedTree: text('vouched_tree'),
  vouchedBy: text('vouched_by').array().notNull(),
  /** True once decisions in files that it changed were read. */
  decisionsRead: boolean('decisions_read').notNull().default(false),
});

/** The place of an approved change in the landing queue. */
export const queueEntries = pgTable('queue_entries', {
  change: text('change').primaryKey(),
  project: text('project').notNull(),
  approvedAt: at('approved_at').notNull(),
  strikes: integer('strikes').notNull(),
  part: text('part'),
  partMain: text('part_main'),
  partGate: text('part_gate'),
  cleared: text('cleared'),
  clearedAt: at('cleared_at'),
  headPlace: integer('head_place'),
  overtaken: integer('overtaken').notNull(),
  position: integer('position'),
  heldBy: text('held_by'),
  heldWhy: text('held_why'),
});

/** Trees that the landing queue has built or tried. */
export const queueTrees = pgTable(
  'queue_trees',
  {
    project: text('project').notNull(),
    main: text('main').notNull(),
    changes: text('changes').array().notNull(),
    tree: text('tree'),
    candidate: text('candidate'),
    conflicts: text('conflicts').array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.project, table.main, table.changes] })],
);
