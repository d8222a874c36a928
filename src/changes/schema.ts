import { sql } from 'drizzle-orm';
import { bigint, boolean, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { ContainmentKind } from '../sandbox/sandbox.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });

/** State of a gate run. A `void` one has passed, and counts no more. */
export type GateStatus = 'waiting' | 'running' | 'passed' | 'failed' | 'void';

export const gateRuns = pgTable('gate_runs', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  /** Null for a run of the landing queue, which belongs to a tree. */
  change: text('change'),
  gate: text('gate').notNull(),
  tree: text('tree').notNull(),
  manual: boolean('manual').notNull(),
  status: text('status').$type<GateStatus>().notNull(),
  /** Whoever holds it or carried it out: the process of a gateway, or the name of a runner. */
  runner: text('runner'),
  /** The grant of that runner; null for a slot of a gateway. */
  runnerGrant: text('runner_gid'),
  /** Names one lease of it. */
  nonce: text('nonce'),
  leaseMs: integer('lease_ms'),
  containment: text('containment').$type<ContainmentKind>(),
  /** The run that it repeats, and the taker that is to carry it out. */
  repeats: text('repeats'),
  wantedBy: text('wanted_by'),
  voidedAt: at('voided_at'),
  voidedWhy: text('voided_why'),
  /** Times that its set-up failed, and the time before which it is not tried again. */
  setupFails: integer('setup_fails').notNull().default(0),
  notBefore: at('not_before'),
  /** Time at which somebody last asked for its output while it is carried out. */
  followedAt: at('followed_at'),
  /** Time of the last sign of life of whoever holds it. */
  aliveAt: at('alive_at'),
  exitCode: integer('exit_code'),
  ms: integer('ms'),
  output: text('output'),
  sandboxed: boolean('sandboxed'),
  /** Hash of the gate as it was declared when it ran. */
  definition: text('definition'),
  timedOut: boolean('timed_out').notNull(),
  /** For a run of the landing queue: the commit to check out, the changes on it, and the place among waiting runs. */
  candidate: text('candidate'),
  changes: text('changes').array().notNull(),
  rank: integer('rank').notNull(),
  passedBy: text('passed_by'),
  passedGid: text('passed_gid'),
  createdAt: at('created_at').notNull(),
  startedAt: at('started_at'),
  endedAt: at('ended_at'),
});

/** Output of gates under way that somebody follows. */
export const gateOutput = pgTable(
  'gate_output',
  {
    run: text('run').notNull(),
    piece: bigint('piece', { mode: 'number' }).generatedAlwaysAsIdentity(),
    body: text('body').notNull(),
  },
  (table) => [primaryKey({ columns: [table.run, table.piece] })],
);

/** Gateways and runners that take gates. */
export const gateTakers = pgTable('gate_takers', {
  /** The process of a gateway, or grant and name of a runner. */
  id: text('id').primaryKey(),
  /** `*` for a gateway. */
  project: text('project').notNull(),
  name: text('name').notNull(),
  gid: text('gid'),
  containment: text('containment').$type<ContainmentKind>().notNull(),
  slots: integer('slots').notNull(),
  seenAt: at('seen_at').notNull().default(sql`andon_now()`),
});

/** Moves of main to what the upstream has. */
export const syncs = pgTable('syncs', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  oldMain: text('old_main').notNull(),
  newMain: text('new_main').notNull(),
  fence: text('fence').notNull(),
  state: text('state').$type<'intent' | 'done' | 'void'>().notNull(),
  commits: integer('commits').notNull(),
  authors: text('authors').array().notNull(),
  byAgent: text('by_agent').notNull(),
  grantId: text('gid'),
  settingBy: text('setting_by'),
  /** The change of kind `sync` that lands by it, and the runs that vouch for that. */
  change: text('change'),
  vouchedBy: text('vouched_by').array().notNull(),
  /** Time at which the upstream had such a change, too. */
  pushedAt: at('pushed_at'),
  at: at('at').notNull().default(sql`andon_now()`),
  endedAt: at('ended_at'),
});
