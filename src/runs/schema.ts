import { sql } from 'drizzle-orm';
import { bigint, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { PlanAgent } from '../plan/plan.ts';
import type { ContextReport } from '../runner/context/context-report.ts';
import type { Tier } from '../tiers/actions.ts';
import type { WireClaims } from '../tiers/wire.ts';
import type { Outcome } from './outcome.ts';
import type { RunState } from './states.ts';
import type { VerdictFile } from './verdict-file.ts';

/** The expense of a run, as its agent program reports it. USD in millionths. */
export interface Usage {
  readonly tokens: number;
  readonly usdMicro: number;
  readonly turns: number;
}

/** The start of a run: its profile as the plan had it, and the claims of its grant. Holds no secret. */
export interface RunLaunch {
  readonly profile: PlanAgent;
  /** The unsigned claims that the tokens of the run are drafted from. */
  readonly claims: WireClaims;
  /** The number of triggers and runs that stand behind this one. */
  readonly depth: number;
}

const at = (name: string) => timestamp(name, { withTimezone: true });
const now = sql`andon_now()`;

export const runs = pgTable('runs', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  agent: text('agent').notNull(),
  profile: text('profile').notNull(),
  tier: text('tier').$type<Tier>().notNull(),
  role: text('role').notNull(),
  adapter: text('adapter').$type<'command' | 'claude' | 'codex'>().notNull(),
  model: text('model'),
  task: text('task'),
  /** The lease that the run works under, once its task is claimed. */
  epoch: integer('epoch'),
  change: text('change'),
  mission: text('mission'),
  launch: jsonb('launch').$type<RunLaunch>().notNull(),
  gid: text('gid').notNull(),
  spawner: text('spawner').notNull(),
  spawnerGid: text('spawner_gid').notNull(),
  trigger: text('trigger'),
  state: text('state').$type<RunState>().notNull(),
  attempt: integer('attempt').notNull().default(1),
  retryOf: text('retry_of'),
  notBefore: at('not_before').notNull().default(now),
  maxMs: integer('max_ms').notNull(),
  stopWanted: text('stop_wanted'),
  stopWhy: text('stop_why'),
  runner: text('runner'),
  /** The grant of the runner that took the run: only that grant may report about it. */
  runnerGid: text('runner_gid'),
  leaseUntil: at('lease_until'),
  leaseMs: integer('lease_ms').notNull(),
  sandbox: text('sandbox'),
  requestedAt: at('requested_at').notNull().default(now),
  takenAt: at('taken_at'),
  /** The end of the log at the time when the run was taken. */
  since: bigint('since', { mode: 'number' }).notNull().default(0),
  startedAt: at('started_at'),
  progressAt: at('progress_at'),
  endedAt: at('ended_at'),
  exitCode: integer('exit_code'),
  signal: text('signal'),
  outcome: text('outcome').$type<Outcome>(),
  note: text('note'),
  verdict: jsonb('verdict').$type<VerdictFile>(),
  usage: jsonb('usage').$type<Usage>().notNull(),
  /** Null for a program that shows nothing of its context. */
  context: jsonb('context').$type<ContextReport>(),
});

/** The output of a run, in the pieces in which its runner sent it. */
export const runOutput = pgTable(
  'run_output',
  {
    run: text('run').notNull(),
    piece: integer('piece').notNull(),
    body: text('body').notNull(),
    at: at('at').notNull().default(now),
  },
  (table) => [primaryKey({ columns: [table.run, table.piece] })],
);

/** The words of an agent about itself. */
export const agents = pgTable(
  'agents',
  {
    project: text('project').notNull(),
    name: text('name').notNull(),
    type: text('type').notNull(),
    tier: text('tier').$type<Tier>().notNull(),
    role: text('role').notNull(),
    capabilities: text('capabilities').array().notNull(),
    self: jsonb('self').$type<Record<string, unknown>>().notNull(),
    firstAt: at('first_at').notNull().default(now),
    seenAt: at('seen_at').notNull().default(now),
  },
  (table) => [primaryKey({ columns: [table.project, table.name] })],
);
