import type { RunRow } from '../../line/run/rows.ts';
import { newId } from '../../store/ids.ts';
import { statement, type Tx } from '../../store/store.ts';
import { type GrantDraft, parseClaims } from '../auth/claims.ts';
import { renewedDraft } from '../auth/draft.ts';
import { recordToken, seconds } from '../auth/minting.ts';

const lengthen = statement(
  'grants.lengthen',
  `update grants set expires_at = greatest(expires_at, andon_now() + $2::bigint * interval '1 millisecond') where gid = $1`,
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

/** Whether the grant of a run, or one that it descends from, was revoked: nothing that it does passes any more. */
export async function isRevoked(tx: Tx, gid: string): Promise<boolean> {
  const [row] = await tx.rows<{ yes: boolean }>(revoked, [gid]);
  return row?.yes === true;
}

/** How much longer than its run a grant lives, so that the end can be reported and what was pushed be submitted. */
const graceMs = 10 * 60_000;

/** The next token of the grant of a run, recorded; signed after the commit. */
export async function draftRunToken(tx: Tx, run: RunRow, now: Date): Promise<GrantDraft> {
  const claims = parseClaims(run.launch.claims);
  const draft = renewedDraft({ ...claims, kid: '' }, { jti: newId('token') }, seconds(now));
  await recordToken(tx, draft);
  return draft;
}

/** Gives the grant of a run the length of the run. */
export async function lengthenGrant(tx: Tx, run: Pick<RunRow, 'gid' | 'maxMs'>): Promise<void> {
  await tx.rows(lengthen, [run.gid, run.maxMs + graceMs]);
}

/**
 * The tokens of a run that has ended, to be revoked one by one: what the run delegated lives on, so its grant is not
 * revoked but has ended, and gives back what it did not spend.
 */
export async function endGrant(tx: Tx, gid: string): Promise<string[]> {
  const rows = await tx.rows<{ jti: string }>(living, [gid]);
  await tx.rows(expire, [gid]);
  return rows.map(({ jti }) => jti);
}
