import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** What executives and validators write down for everybody. */
/** What executives and validators write. */
export const reportKinds = ['decision', 'alert', 'report'] as const;

export const reports = pgTable('reports', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  kind: text('kind').$type<(typeof reportKinds)[number]>().notNull(),
  byAgent: text('by_agent').notNull(),
  title: text('title').notNull(),
  body: text('body').notNull(),
  at: timestamp('at', { withTimezone: true }).notNull(),
});
