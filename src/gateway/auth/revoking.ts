import { and, eq, sql } from 'drizzle-orm';
import { statement, type Tx } from '../../store/store.ts';
import { grants, tokens } from './schema.ts';

/** A revocation as it is stored and as its event carries it. */
export interface RevocationEntry {
  readonly project: string;
  readonly kind: 'token' | 'grant' | 'agent' | 'key';
  readonly value: string;
}

const put = statement(
  'revocations.put',
  `insert into revocations (project, kind, value, by_agent, why)
   select p, k, v, $4, $5 from unnest($1::text[], $2::text[], $3::text[]) as t(p, k, v) on conflict do nothing`,
);
const mark = statement(
  'grants.revoke',
  'update grants set revoked_at = coalesce(revoked_at, andon_now()) where gid = any($1::text[])',
);

/** Writes revocations. Descendants of a grant fall through their lineage; their rows need no mark. */
export async function revoke(
  tx: Tx,
  entries: readonly RevocationEntry[],
  by: string,
  why: string,
): Promise<void> {
  await tx.rows(put, [
    entries.map(({ project }) => project),
    entries.map(({ kind }) => kind),
    entries.map(({ value }) => value),
    by,
    why,
  ]);
  await tx.rows(mark, [entries.filter(({ kind }) => kind === 'grant').map(({ value }) => value)]);
}

/** What revoking a token, a grant, an agent or a key comes to. Revoking any token revokes its grant. */
export async function entriesFor(
  tx: Tx,
  project: string,
  kind: RevocationEntry['kind'],
  value: string,
): Promise<RevocationEntry[]> {
  const one: RevocationEntry = { project, kind, value };
  if (kind === 'token') {
    const [row] = await tx.orm.select({ gid: tokens.gid }).from(tokens).where(eq(tokens.jti, value));
    return row === undefined ? [] : [one, { project, kind: 'grant', value: row.gid }];
  }
  if (kind === 'agent') return [one, ...(await grantsOf(tx, project, value))];
  if (kind === 'key') return [{ project: '*', kind, value }];
  const [row] = await tx.orm.select({ gid: grants.gid }).from(grants).where(eq(grants.gid, value));
  return row === undefined ? [] : [one];
}

/** A revocation for every grant that an agent holds in a project. */
export async function grantsOf(tx: Tx, project: string, agent: string): Promise<RevocationEntry[]> {
  const rows = await tx.orm
    .select({ gid: grants.gid })
    .from(grants)
    .where(and(eq(grants.agent, agent), eq(grants.project, project), sql`${grants.revokedAt} is null`));
  return rows.map(({ gid }) => ({ project, kind: 'grant' as const, value: gid }));
}
