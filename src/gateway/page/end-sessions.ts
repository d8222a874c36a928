import { inArray } from 'drizzle-orm';
import { appendEvents, type EventOf, event, withHead } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { enter } from '../admission/enter.ts';
import { revoke } from '../auth/revoking.ts';
import type { Gateway } from '../services.ts';
import type { SessionRow } from './open-session.ts';
import { pageSessions } from './schema.ts';

/** The end of sessions: who ends them, why and when. */
interface EndOfSessions {
  readonly by: string;
  readonly why: string;
  readonly at: Date;
}

/** Ends sessions and their tokens; answers the events. */
export async function endSessions(
  tx: Tx,
  rows: readonly SessionRow[],
  { by, why, at }: EndOfSessions,
): Promise<EventOf<'page.ended'>[]> {
  const tokens = rows.map(({ jti, project }) => ({ project, kind: 'token' as const, value: jti }));
  await revoke(tx, tokens, by, why);
  const ids = rows.map(({ id }) => id);
  await tx.orm.update(pageSessions).set({ endedAt: at }).where(inArray(pageSessions.id, ids));
  return rows.map(({ id }, n) => event('page.ended', `page/${id}`, { why, rows: tokens.slice(n, n + 1) }));
}

/**
 * Ends a session by its own wish, which its signature proves: rights are lost and none is used, so a session that only reads
 * may do it too.
 */
export async function leaveSession(gateway: Gateway, row: SessionRow): Promise<void> {
  const { project, agent: actor, grantId } = row;
  await gateway.store.transaction(async (tx) => {
    const { now } = await enter(tx, { project, exclusive: true });
    const ended = await endSessions(tx, [row], { by: actor, why: 'signed out', at: now });
    appendEvents(
      tx,
      ended.map((one) => withHead({ project, actor, gid: grantId }, one)),
    );
  });
  gateway.sequencer.wake();
}
