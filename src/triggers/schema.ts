import { sql } from 'drizzle-orm';
import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { Reason } from '../lib/decision.ts';
import type { PlanTrigger, TriggerKind } from '../plan/triggers.ts';
import type { FireCause } from './cause.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });
const now = sql`andon_now()`;
const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/** Triggers of the plan and of calls. */
export const triggers = pgTable('triggers', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  name: text('name').notNull(),
  kind: text('kind').$type<TriggerKind>().notNull(),
  /** The entry of andon.yaml, defaults filled in. */
  spec: jsonb('spec').$type<PlanTrigger>().notNull(),
  /** `plan` when the trigger comes from andon.yaml and is changed there. */
  source: text('source').$type<'plan' | 'call'>().notNull(),
  owner: text('owner').notNull(),
  ownerGid: text('owner_gid').notNull(),
  ownerEpoch: integer('owner_epoch').notNull(),
  state: text('state').$type<'active' | 'paused'>().notNull(),
  /** The time that the trigger waits for, and the slot of that time. */
  nextAt: at('next_at'),
  nextSlot: at('next_slot'),
  /** The type of event, and the position after which events count. */
  onType: text('on_type'),
  fromPosition: bigint('from_position', { mode: 'number' }),
  fired: count('fired'),
  missed: count('missed'),
  refused: count('refused'),
  heldBack: count('held_back'),
  lastAt: at('last_at'),
  lastOutcome: text('last_outcome'),
  /** The run or task that the trigger made last. */
  lastMade: text('last_made'),
  hourAt: at('hour_at'),
  hourCount: integer('hour_count').notNull().default(0),
  hourHeld: integer('hour_held').notNull().default(0),
  createdAt: at('created_at').notNull().default(sql`andon_now()`),
  /** The time of the last apply or resume that armed it. */
  armedAt: at('armed_at').notNull().default(sql`andon_now()`),
});

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
