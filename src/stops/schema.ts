import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { RootCause } from './root-cause.ts';
import type { Colour, Scope, StopReason } from './stop-scope.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });
const now = sql`andon_now()`;

/** Stops of a project, or of `*` for all of them. */
export const stops = pgTable('stops', {
  id: text('id').primaryKey(),
  project: text('project').notNull(),
  colour: text('colour').$type<Colour>().notNull(),
  scopeKind: text('scope_kind').$type<Scope['kind']>().notNull(),
  scopeValue: text('scope_value').notNull(),
  why: text('why').notNull(),
  cause: text('cause').$type<StopReason>().notNull(),
  subject: text('subject').notNull(),
  pulledBy: text('pulled_by').notNull(),
  grantId: text('gid'),
  at: at('at').notNull().default(now),
  /** The number of pulls while it was open. */
  count: integer('count').notNull().default(1),
  /** The recipients of its messages. */
  told: text('told').array().notNull(),
  clearedBy: text('cleared_by'),
  clearedGrantId: text('cleared_gid'),
  clearedAt: at('cleared_at'),
  clearedWhy: text('cleared_why'),
  rootCause: jsonb('root_cause').$type<RootCause>(),
});
