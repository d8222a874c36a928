import { isLiving } from '../../store/living-grant.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Bearer } from '../../tiers/naming.ts';

// A lock on a name until the end of the transaction: two callers that give one name at once see each other.
const hold = statement('grants.holdName', 'select pg_advisory_xact_lock(hashtextextended($1, 7104))');
const bearersOf = statement(
  'grants.bearers',
  `select g.gid as "grantId", g.agent, g.cap->>'tier' as tier, g.cap->>'role' as role, g.lin as lineage from grants g
   where g.agent = $2 and andon_reaches(g, $1) and ${isLiving('g')}`,
);

/**
 * The living grants that bear a name in a project, grants on every project included. The name stays locked
 * for other callers until the transaction ends.
 */
export async function readBearers(tx: Tx, project: string, agent: string): Promise<Bearer[]> {
  await tx.rows(hold, [`${project} ${agent}`]);
  return tx.rows<Bearer>(bearersOf, [project, agent]);
}
