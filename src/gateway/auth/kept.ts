import type { Reason } from '../../lib/decision.ts';
import { isLiving } from '../../store/living-grant.ts';
import { type Session, statement } from '../../store/store.ts';
import { endReasons } from '../../tiers/grant-end.ts';
import { type Bearer, namingReasons } from '../../tiers/naming.ts';

interface LivingGrant extends Bearer {
  readonly project: string;
  readonly expiresAt: Date;
  readonly parent: string | null;
  readonly parentTier: Bearer['tier'] | null;
  readonly parentEnd: Date | null;
}

const living = statement(
  'grants.living',
  `select g.gid as "grantId", g.project, g.agent, g.cap->>'tier' as tier, g.cap->>'role' as role, g.lin as lineage, g.expires_at as "expiresAt",
     g.parent, p.cap->>'tier' as "parentTier", p.expires_at as "parentEnd"
   from grants g left join grants p on p.gid = g.parent
   where ($1 = '*' or g.project in ($1, '*')) and ${isLiving('g')}
   order by g.created_at, g.gid`,
);

/** A grant of an earlier version that this one would not mint. */
export interface KeptGrant {
  readonly gid: string;
  readonly agent: string;
  readonly expiresAt: Date;
  readonly reasons: readonly Reason[];
}

/**
 * Living grants of a project (of all for `*`) that an earlier version minted and this one would refuse: they
 * are kept and end by themselves. Among them are grants whose parent has ended before its time, as the grant
 * of a run does.
 */
export async function keptGrants(session: Session, project: string): Promise<KeptGrant[]> {
  const earlier: LivingGrant[] = [];
  const found: KeptGrant[] = [];
  for (const grant of await session.rows<LivingGrant>(living, [project])) {
    const reasons = reasonsAgainst(grant, earlier);
    const { grantId, agent, expiresAt } = grant;
    if (reasons.length > 0) found.push({ gid: grantId, agent, expiresAt, reasons });
    earlier.push(grant);
  }
  return found;
}

function reasonsAgainst(grant: LivingGrant, earlier: readonly LivingGrant[]): Reason[] {
  const { grantId, agent, tier, role, parent, parentTier, parentEnd, expiresAt, project } = grant;
  if (parent === null || parentTier === null || parentEnd === null) return [];
  const bearers = earlier.filter(
    (one) => one.agent === agent && (one.project === project || one.project === '*'),
  );
  return [
    ...namingReasons({ agent, cap: { tier, role }, by: { grantId: parent, tier: parentTier }, bearers }),
    ...endReasons(`grant/${grantId}`, expiresAt.getTime(), parentEnd),
  ];
}
