import type { Ancestor, Party } from '../policies/duty.ts';
import { type Session, statement } from '../store/store.ts';
import type { Tier } from '../tiers/actions.ts';

interface GrantRow {
  readonly gid: string;
  readonly agent: string;
  readonly tier: Tier;
  readonly lin: readonly string[];
  readonly profile: string | null;
}

const readGrants = statement(
  'party.grants',
  `select gid, agent, cap->>'tier' as tier, lin, profile from grants
   where gid = any($1::text[]) or gid in (select unnest(lin) from grants where gid = any($1::text[]))`,
);
const makersOf = statement(
  'party.makers',
  `select distinct gid from events where project = $1 and subject = any($2::text[]) and allowed and gid is not null
     and type in ('task.claimed', 'change.pushed', 'change.submitted', 'task.stolen')`,
);

export type KnownParty = Party & { readonly profileFixed: boolean };

/** Principals with the grants above theirs, by grant id. */
export async function readParties(
  session: Session,
  gids: readonly string[],
): Promise<Map<string, KnownParty>> {
  const rows = new Map(
    (await session.rows<GrantRow>(readGrants, [[...new Set(gids)]])).map((row) => [row.gid, row]),
  );
  const parties = new Map<string, KnownParty>();
  for (const gid of gids) {
    const row = rows.get(gid);
    if (row === undefined) continue;
    const ancestors = row.lin.flatMap((above): Ancestor[] => {
      const known = rows.get(above);
      return known === undefined ? [] : [asAncestor(known)];
    });
    parties.set(gid, { ...asAncestor(row), ancestors, profileFixed: row.profile !== null });
  }
  return parties;
}

const asAncestor = ({ agent, gid, tier }: GrantRow): Ancestor => ({ sub: agent, gid, tier });

/** Everybody who claimed, pushed or submitted for a task, in any of its epochs. */
export async function readMakers(
  session: Session,
  project: string,
  task: string,
  change: string,
): Promise<string[]> {
  const rows = await session.rows<{ gid: string }>(makersOf, [project, [`task/${task}`, `change/${change}`]]);
  return rows.map(({ gid }) => gid);
}
