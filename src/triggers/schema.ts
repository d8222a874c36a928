import { sql } from 'drizzle-orm';
import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { Reason } from '../lib/decision.ts';
import type { FireCause } from './queue.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });
const now = sql`andon_now()`;

/** The conclusion of a slot. */
export type FireOutcome = 'fired' | 'skipped' | 'missed' | 'refused' | 'failed';

/** Slots that have come and wait to be fired. */
export const triggerDue = pgTable(
  'trigger_due',
  {
    trigger: text('trigger').notNull(),
    slot: text('slot').notNull(),
    project: text('project').notNull(),
    at: at('at').notNull(),
    putAt: at('put_at').notNull().default(now),
    /** Set while an earlier run of the trigger holds it up. */
    queued: boolean('queued').notNull().default(false),
    cause: jsonb('cause').$type<FireCause>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.trigger, table.slot] })],
);

/** One row for a slot, for good: whoever inserts it fires. */
export const triggerFires = pgTable(
  'trigger_fires',
  {
    trigger: text('trigger').notNull(),
    slot: text('slot').notNull(),
    slotAt: at('slot_at').notNull(),
    at: at('at').notNull().default(now),
    outcome: text('outcome').$type<FireOutcome>().notNull(),
    made: text('made'),
    error: jsonb('error').$type<readonly Partial<Reason>[]>(),
    causes: text('causes').array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.trigger, table.slot] })],
);

/** The position up to which events have been looked at: one row. */
export const triggerTail = pgTable('trigger_tail', {
  one: boolean('one').primaryKey().default(true),
  position: bigint('position', { mode: 'number' }).notNull(),
});

/** Counts of the conditions of triggers so far. */
export const triggerTallies = pgTable(
  'trigger_tallies',
  {
    trigger: text('trigger').notNull(),
    key: text('key').notNull(),
    times: at('times').array().notNull(),
    at: at('at').notNull().default(now),
  },
  (table) => [primaryKey({ columns: [table.trigger, table.key] })],
);

/** Deliveries to the outside: written with the fire, carried out after the commit. */
export const triggerDeliveries = pgTable('trigger_deliveries', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  trigger: text('trigger').notNull(),
  slot: text('slot').notNull(),
  kind: text('kind').$type<'webhook' | 'command'>().notNull(),
  target: text('target').notNull(),
  body: text('body').notNull(),
  state: text('state').notNull(),
  tries: integer('tries').notNull().default(0),
  nextTryAt: at('next_try_at').notNull().default(now),
  status: text('status'),
  error: text('error'),
  createdAt: at('created_at').notNull().default(now),
  endedAt: at('ended_at'),
});
