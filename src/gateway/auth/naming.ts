import { statement, type Tx } from '../../store/store.ts';
import type { Bearer } from '../../tiers/naming.ts';

// Whoever gives a name holds it until the end of the transaction: two who give it at once see each other.
const hold = statement('grants.holdName', 'select pg_advisory_xact_lock(hashtextextended($1, 7104))');
const bearersOf = statement(
  'grants.bearers',
  `select g.gid as "grantId", g.agent, g.cap->>'tier' as tier, g.cap->>'role' as role, g.lin as lineage from grants g
   where g.agent = $2 and g.project in ($1, '*') and g.revoked_at is null and g.expires_at > andon_now()
     and not exists (select from grants a where a.gid = any(g.lin) and a.revoked_at is not null)`,
);

/** The living grants that bear a name in a project, those on every project included. Nobody else gives that name meanwhile. */
export async function readBearers(tx: Tx, project: string, agent: string): Promise<Bearer[]> {
  await tx.rows(hold, [`${project} ${agent}`]);
  return tx.rows<Bearer>(bearersOf, [project, agent]);
}
