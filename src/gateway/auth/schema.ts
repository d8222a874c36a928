import {
  bigint,
  boolean,
  customType,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { Budget, Capability } from '../../tiers/capability.ts';
import { capabilityFromWire, capabilityToWire, type WireCapability } from '../../tiers/wire.ts';

const at = (name: string) => timestamp(name, { withTimezone: true });

/** A capability in a column: with its short names, as other versions of Andon read it. */
const storedCapability = customType<{ data: Capability; driverData: WireCapability | string }>({
  dataType: () => 'jsonb',
  fromDriver: (stored) =>
    capabilityFromWire(typeof stored === 'string' ? (JSON.parse(stored) as WireCapability) : stored),
  toDriver: (cap) => JSON.stringify(capabilityToWire(cap)),
});

/** Grants, which live longer than their tokens: renewals share a grant, and revocations and budgets refer to it. */
export const grants = pgTable('grants', {
  grantId: text('gid').primaryKey(),
  project: text('project').notNull(),
  parent: text('parent'),
  agent: text('agent').notNull(),
  cap: storedCapability('cap').notNull(),
  lineage: text('lin').array().notNull(),
  profile: text('profile'),
  /**
   * True when the parent has seen the grant's tokens; null for grants of an earlier version, see
   * `src/changes/makers.ts`.
   */
  seen: boolean('seen'),
  leftBudget: jsonb('left_budget').$type<Budget>().notNull(),
  returned: boolean('returned').notNull(),
  createdAt: at('created_at').notNull(),
  expiresAt: at('expires_at').notNull(),
  revokedAt: at('revoked_at'),
  /** Projects in which its holder may ask for tokens, `*` for all; null for its own project alone. */
  projects: text('projects').array(),
  /** Epochs of those projects when the grant was made; one that was made later had epoch 1. */
  epochs: jsonb('epochs').$type<Readonly<Record<string, number>>>(),
});

export const tokens = pgTable('tokens', {
  jti: text('jti').primaryKey(),
  grantId: text('gid').notNull(),
  issuedAt: at('issued_at').notNull(),
  expiresAt: at('expires_at').notNull(),
  /** The project that it names; null for tokens of an earlier version, and of a grant with one project. */
  project: text('project'),
  replacedBy: text('replaced_by'),
  replacedAt: at('replaced_at'),
});

export const revocations = pgTable('revocations', {
  id: bigint('id', { mode: 'number' }).generatedAlwaysAsIdentity().primaryKey(),
  project: text('project').notNull(),
  kind: text('kind').$type<'token' | 'grant' | 'agent' | 'key' | 'epoch'>().notNull(),
  value: text('value').notNull(),
  at: at('at').notNull(),
  byAgent: text('by_agent').notNull(),
  why: text('why').notNull(),
});

export const signingKeys = pgTable('signing_keys', {
  kid: text('kid').primaryKey(),
  jwk: jsonb('jwk').$type<Record<string, string>>().notNull(),
  state: text('state').$type<'next' | 'active' | 'retired'>().notNull(),
  createdAt: at('created_at').notNull(),
});

/** Stored answers of calls that carried a request id. */
export const requests = pgTable(
  'requests',
  {
    principal: text('principal').notNull(),
    requestId: text('request_id').notNull(),
    action: text('action').notNull(),
    inputHash: text('input_hash').notNull(),
    answer: jsonb('answer').notNull(),
    at: at('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.principal, table.requestId] })],
);
