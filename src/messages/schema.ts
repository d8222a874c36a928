import { sql } from 'drizzle-orm';
import { jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { ReportKind } from './kinds.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });
const now = sql`andon_now()`;

/** The reason of a message. */
export type MessageKind = 'blocker' | 'question' | 'stop' | 'deadline' | 'alert' | 'report' | 'run' | 'note';

/** Messages to an agent or a person by name, or to everybody of a tier (`tier:executive`). */
export const messages = pgTable('messages', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  recipient: text('recipient').notNull(),
  kind: text('kind').$type<MessageKind>().notNull(),
  subject: text('subject').notNull(),
  title: text('title').notNull(),
  body: text('body').notNull(),
  data: jsonb('data').$type<Record<string, unknown>>().notNull(),
  at: at('at').notNull().default(now),
  readAt: at('read_at'),
  readBy: text('read_by'),
});

/** A record that executives and validators write for everybody. */
export const reports = pgTable('reports', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  kind: text('kind').$type<ReportKind>().notNull(),
  byAgent: text('by_agent').notNull(),
  title: text('title').notNull(),
  body: text('body').notNull(),
  at: at('at').notNull(),
});
