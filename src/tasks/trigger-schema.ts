import { sql } from 'drizzle-orm';
import { bigint, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { PlanTrigger, TriggerKind } from './plan-triggers.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });
const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

export const triggers = pgTable('triggers', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  name: text('name').notNull(),
  kind: text('kind').$type<TriggerKind>().notNull(),
  /** The entry of andon.yaml, defaults filled in. */
  spec: jsonb('spec').$type<PlanTrigger>().notNull(),
  /** `plan`: it comes from andon.yaml and is changed there. */
  source: text('source').$type<'plan' | 'call'>().notNull(),
  owner: text('owner').notNull(),
  ownerGid: text('owner_gid').notNull(),
  ownerEpoch: integer('owner_epoch').notNull(),
  state: text('state').$type<'active' | 'paused'>().notNull(),
  /** The time that it waits for, and the slot of that time. */
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
  /** The run or task that it made last. */
  lastMade: text('last_made'),
  hourAt: at('hour_at'),
  hourCount: integer('hour_count').notNull().default(0),
  hourHeld: integer('hour_held').notNull().default(0),
  createdAt: at('created_at').notNull().default(sql`andon_now()`),
});
