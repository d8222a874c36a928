import { newId } from '../../process/new-id.ts';
import type { RunRow } from '../../runs/rows.ts';
import { statement, type Tx } from '../../store/store.ts';
import { claimsToWire, type WireClaims } from '../../tiers/wire.ts';
import { parseClaims } from '../auth/claims.ts';
import { renewedDraft } from '../auth/draft.ts';
import { recordToken, seconds } from '../auth/minting.ts';
import { runGraceMs } from './run-grant.ts';

const lengthen = statement(
  'grants.lengthen',
  `update grants g set expires_at = greatest(g.expires_at, least(andon_now() + $2::bigint * interval '1 millisecond',
     coalesce((select p.expires_at from grants p where p.gid = g.parent), 'infinity'))) where g.gid = $1 returning g.expires_at as "expiresAt"`,
);
const expire = statement(
  'grants.expire',
  'update grants set expires_at = least(expires_at, andon_now()) where gid = $1',
);
const living = statement(
  'tokens.living',
  `select jti from tokens where gid = $1 and expires_at > andon_now() and (replaced_at is null or replaced_at > andon_now() - interval '30 seconds')`,
);

const revoked = statement(
  'grants.revoked',
  `select exists (select 1 from grants g where g.gid = $1 and (g.revoked_at is not null
     or exists (select 1 from grants a where a.gid = any(g.lin) and a.revoked_at is not null))) as yes`,
);

/** True when the grant of a run, or one that it descends from, was revoked: no call of the run passes any more. */
export async function isRevoked(tx: Tx, grantId: string): Promise<boolean> {
  const [row] = await tx.rows<{ yes: boolean }>(revoked, [grantId]);
  return row?.yes === true;
}

const endOf = statement('grants.end', 'select expires_at as "expiresAt" from grants where gid = $1');

// The end of a grant without a row, which has ended long ago: it gets no token.
const longAgo = new Date(0);

/** The time at which the grant of a run ends. */
export async function grantEnd(tx: Tx, grantId: string): Promise<Date> {
  const [row] = await tx.rows<{ expiresAt: Date }>(endOf, [grantId]);
  return row?.expiresAt ?? longAgo;
}

/**
 * Drafts and records the next token of a run's grant; the token is signed after the commit, and ends with the
 * grant at the latest.
 */
export async function draftRunToken(tx: Tx, run: RunRow, now: Date, end: Date): Promise<WireClaims> {
  const claims = parseClaims(run.launch.claims);
  const lifeSeconds = seconds(end) - seconds(now);
  const draft = renewedDraft(claims, { jti: newId('token'), lifeSeconds }, seconds(now));
  await recordToken(tx, draft);
  return claimsToWire(draft);
}

/**
 * Extends the run's grant to cover its whole duration, as far as the spawner's grant lasts. Answers the end
 * of the grant.
 */
export async function lengthenGrant(tx: Tx, run: Pick<RunRow, 'gid' | 'maxMs'>): Promise<Date> {
  const [row] = await tx.rows<{ expiresAt: Date }>(lengthen, [run.gid, run.maxMs + runGraceMs]);
  return row?.expiresAt ?? longAgo;
}

/**
 * The tokens of an ended run, to be revoked one by one: grants that the run delegated live on, so the run's
 * grant is not revoked but ended, and returns its unspent budget.
 */
export async function endGrant(tx: Tx, grantId: string): Promise<string[]> {
  const rows = await tx.rows<{ jti: string }>(living, [grantId]);
  await tx.rows(expire, [grantId]);
  return rows.map(({ jti }) => jti);
}
