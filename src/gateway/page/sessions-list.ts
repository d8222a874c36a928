import { and, desc, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { allowUnless, denied, reason } from '../../lib/decision.ts';
import type { Tx } from '../../store/store.ts';
import type { Grant } from '../../tiers/capability.ts';
import { id, project, text } from '../admission/inputs.ts';
import { mutation, query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { endSessions } from './end-sessions.ts';
import type { SessionRow } from './open-session.ts';
import { pageSessions } from './schema.ts';
import type { PageSessionRow } from './shapes.ts';

const sessionsMax = 500;

const shown = (row: SessionRow): PageSessionRow => ({
  ...{ id: row.id, agent: row.agent, origin: row.origin, readOnly: row.readOnly },
  createdAt: row.createdAt.toISOString(),
  seenAt: row.seenAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
});

/** The procedure `page.sessions`. */
export function sessionsProcedure(gateway: Gateway) {
  return query(gateway, {
    action: 'token:read',
    description: 'Lists the sessions of pages: who opened them where, until when, and if they have ended.',
    input: z.strictObject({ project }),
    answer: async (input) => {
      const { orm } = gateway.store;
      const rows = orm.select().from(pageSessions);
      const ofProject = input.project === '*' ? undefined : eq(pageSessions.project, input.project);
      return (await rows.where(ofProject).orderBy(desc(pageSessions.createdAt)).limit(sessionsMax)).map(
        shown,
      );
    },
  });
}

const openOf = (tx: Tx, input: { readonly id?: string | undefined }, { grantId }: Grant) =>
  tx.orm
    .select()
    .from(pageSessions)
    .where(
      and(
        isNull(pageSessions.endedAt),
        input.id === undefined ? eq(pageSessions.grantId, grantId) : eq(pageSessions.id, input.id),
      ),
    )
    .for('update');

/** Reasons against ending a session of somebody else: people may. */
const foreign = ({ grantId, cap }: Grant, rows: readonly SessionRow[]) =>
  rows
    .filter((row) => row.grantId !== grantId && cap.tier !== 'human')
    .map((row) =>
      reason('grant.tier', `page/${row.id}`, { found: cap.tier, limit: 'a session of your own' }),
    );

/** The procedure `page.end`: ends a session, and leaves its grant alive. */
export function endProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:revoke',
    whileBelow: true,
    description: 'Ends a session of a page, or all of the caller’s grant; the grant itself lives on.',
    input: z.strictObject({
      project,
      id: id.optional().describe('All of your own without'),
      why: text(2000).default('signed out'),
    }),
    exclusive: true,
    facts: (tx, { input, grant }) => openOf(tx, input, grant),
    decide: ({ input, grant, facts }) =>
      input.id !== undefined && facts.length === 0
        ? denied(reason('page.missing', `page/${input.id}`))
        : allowUnless(foreign(grant, facts), facts),
    effect: async (tx, { decided }, { grant, input, entered }) => {
      const events = await endSessions(tx, decided, { by: grant.sub, why: input.why, at: entered.now });
      const ended = decided.map(({ id: one }) => one);
      return { answer: { ended }, events };
    },
  });
}
