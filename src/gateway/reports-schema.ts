import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { reportKinds } from '../tasks/kinds.ts';

/** What executives and validators write down for everybody. */
export const reports = pgTable('reports', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  kind: text('kind').$type<(typeof reportKinds)[number]>().notNull(),
  byAgent: text('by_agent').notNull(),
  title: text('title').notNull(),
  body: text('body').notNull(),
  at: timestamp('at', { withTimezone: true }).notNull(),
});
