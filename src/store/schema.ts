import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { EventData } from './log/event-data/index.ts';
import type { EventType } from './log/events.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });

/** The log: one row for every allowed or denied action. The sequencer adds rows to the hash chain after commit. */
export const events = pgTable('events', {
  seq: bigint('seq', { mode: 'number' }).generatedAlwaysAsIdentity(),
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  type: text('type').notNull(),
  actor: text('actor').notNull(),
  gid: text('gid'),
  action: text('action'),
  allowed: boolean('allowed').notNull(),
  subject: text('subject').notNull(),
  requestId: text('request_id'),
  at: at('at').notNull(),
  data: jsonb('data').$type<EventData[EventType]>().notNull(),
  position: bigint('position', { mode: 'number' }),
  hash: text('hash'),
});

/** Signed statements that the chain stood at this hash at this position. */
export const checkpoints = pgTable('checkpoints', {
  position: bigint('position', { mode: 'number' }).primaryKey(),
  hash: text('hash').notNull(),
  kid: text('kid').notNull(),
  signature: text('signature').notNull(),
  at: at('at').notNull(),
});

/** Number of times that a denial was repeated after its event. */
export const denials = pgTable(
  'denials',
  {
    project: text('project').notNull(),
    principal: text('principal').notNull(),
    fingerprint: text('fingerprint').notNull(),
    event: text('event').notNull(),
    count: integer('count').notNull(),
    firstAt: at('first_at').notNull(),
    lastAt: at('last_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.project, table.principal, table.fingerprint] })],
);

/** The single row about this database: production's or a test's, and of which installation. */
export const andonMeta = pgTable('andon_meta', {
  one: boolean('one').primaryKey().default(true),
  purpose: text('purpose').$type<'production' | 'test'>().notNull(),
  installation: text('installation').notNull(),
  /** Milliseconds by which tests have shifted the database's clock. */
  clockOffsetMs: bigint('clock_offset_ms', { mode: 'number' }).notNull().default(0),
});

/** The migrations that were carried out; the highest version is that of the schema. */
export const andonMigrations = pgTable('andon_migrations', {
  version: integer('version').primaryKey(),
  name: text('name').notNull(),
  at: at('at').notNull().defaultNow(),
});
