import { sql } from 'drizzle-orm';
import { bigint, boolean, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { AuditKind, AuditOptions } from './kinds.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });

/** Audits of a plan: a row requests one, and the gateway that takes the row carries it out. */
export const audits = pgTable('audits', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  kind: text('kind').$type<AuditKind>().notNull(),
  options: jsonb('options').$type<AuditOptions>().notNull(),
  state: text('state').$type<'waiting' | 'running' | 'done' | 'failed'>().notNull(),
  askedBy: text('asked_by').notNull(),
  trigger: text('trigger'),
  requestedAt: at('requested_at').notNull().default(sql`andon_now()`),
  worker: text('worker'),
  aliveAt: at('alive_at'),
  /** The part of the log that the audit covered. */
  fromPosition: bigint('from_position', { mode: 'number' }),
  toPosition: bigint('to_position', { mode: 'number' }),
  endedAt: at('ended_at'),
  alert: boolean('alert').notNull().default(false),
  title: text('title'),
  body: text('body'),
  result: jsonb('result').$type<Record<string, unknown>>(),
});
