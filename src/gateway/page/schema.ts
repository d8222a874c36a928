import { sql } from 'drizzle-orm';
import { boolean, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { WireClaims } from '../../tiers/wire.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });

/** The public half of the key that a page signs its calls with: a point of P-256, as in a JWK. */
export interface PageKey {
  readonly x: string;
  readonly y: string;
}

/** The holder whose rights a code hands on and a session has, and the origin that both are bound to. */
const heldColumns = () => ({
  project: text('project').notNull(),
  grantId: text('gid').notNull(),
  agent: text('agent').notNull(),
  claims: jsonb('claims').$type<WireClaims>().notNull(),
  kid: text('kid').notNull(),
  origin: text('origin').notNull(),
  tunnel: boolean('tunnel').notNull(),
  readOnly: boolean('read_only').notNull(),
});

/** Codes that `andon open` hands to a browser, by their hashes. */
export const pageCodes = pgTable('page_codes', {
  hash: text('hash').primaryKey(),
  typed: text('typed').notNull(),
  ...heldColumns(),
  lifeSeconds: integer('life_seconds').notNull(),
  expiresAt: at('expires_at').notNull(),
  tries: integer('tries').notNull().default(0),
  usedAt: at('used_at'),
});

/** Sessions of browsers: a hash of the cookie, and a public key. Neither lets anybody in. */
export const pageSessions = pgTable('page_sessions', {
  id: text('id').primaryKey(),
  cookie: text('cookie').notNull(),
  publicKey: jsonb('public_key').$type<PageKey>().notNull(),
  jti: text('jti').notNull(),
  ...heldColumns(),
  createdAt: at('created_at').notNull().default(sql`andon_now()`),
  seenAt: at('seen_at').notNull().default(sql`andon_now()`),
  expiresAt: at('expires_at').notNull(),
  endedAt: at('ended_at'),
});
