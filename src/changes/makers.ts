import type { Ancestor, Principal } from '../policies/duty.ts';
import { isLiving } from '../store/living-grant.ts';
import { type Session, statement } from '../store/store.ts';
import type { Tier } from '../tiers/actions.ts';
import { isRunnerRole } from '../tiers/roles.ts';

interface PrincipalRow {
  readonly grantId: string;
  readonly agent: string;
  readonly tier: Tier;
  readonly role: string;
  readonly lineage: readonly string[];
  readonly profile: string | null;
  readonly seen: boolean;
  readonly taker: string | null;
  readonly namesakes: readonly string[];
}

// A grant of an earlier version does not list who has seen its tokens: its parent has, unless the grant
// belongs to a run. Living grants of one name count as one holder, from any grantor; those of people are not
// looked up, since people are no tie.
const readGrants = statement(
  'makers.grants',
  `select g.gid as "grantId", g.agent, g.cap->>'tier' as tier, g.cap->>'role' as role, g.lin as lineage, g.profile,
     coalesce(g.seen, not exists (select from runs r where r.gid = g.gid)) as seen,
     (select r.runner_gid from runs r where r.gid = g.gid limit 1) as taker,
     case when g.cap->>'tier' = 'human' then '{}'::text[] else array(
       select o.gid from grants o where o.agent = g.agent and (andon_reaches(o, g.project) or andon_reaches(g, o.project)) and o.gid <> g.gid
         and ${isLiving('o')}) end as namesakes
   from grants g where g.gid = any($1::text[])`,
);
const makersOf = statement(
  'makers.ofTask',
  `select distinct gid as "grantId" from events where project = $1 and subject = any($2::text[]) and allowed and gid is not null
     and type in ('task.claimed', 'change.pushed', 'change.submitted', 'task.stolen')`,
);
const triggerOwnersOf = statement(
  'makers.triggerOwners',
  `select distinct r.spawner from runs r where r.gid = any($1::text[]) and r.trigger is not null and r.spawner not like 'human:%'`,
);

/** A principal with its lineage and holders, as separation of duty needs them. */
export type KnownPrincipal = Principal & { readonly profileFixed: boolean };

type Grants = ReadonlyMap<string, PrincipalRow>;

/** Principals by grant id, with the grants above theirs and the grants whose holders have seen their tokens. */
export async function readPrincipals(
  session: Session,
  grantIds: readonly string[],
): Promise<Map<string, KnownPrincipal>> {
  const rows = await readRelated(session, grantIds);
  const principals = new Map<string, KnownPrincipal>();
  for (const grantId of grantIds) {
    const row = rows.get(grantId);
    if (row !== undefined) principals.set(grantId, asPrincipal(row, rows));
  }
  return principals;
}

/** The grants with all related ones, at any distance: lineages, runners that took a run, namesakes. */
async function readRelated(session: Session, grantIds: readonly string[]): Promise<Grants> {
  const rows = new Map<string, PrincipalRow>();
  for (let wanted = [...new Set(grantIds)]; wanted.length > 0; ) {
    const found = await session.rows<PrincipalRow>(readGrants, [wanted]);
    for (const row of found) rows.set(row.grantId, row);
    const related = found.flatMap(({ lineage, taker, namesakes }) => [
      ...lineage,
      ...namesakes,
      ...listed(taker),
    ]);
    wanted = [...new Set(related)].filter((grantId) => !rows.has(grantId));
  }
  return rows;
}

const listed = (grantId: string | null): string[] => (grantId === null ? [] : [grantId]);

function asPrincipal(row: PrincipalRow, rows: Grants): KnownPrincipal {
  const bearers = known([row.grantId, ...row.namesakes], rows);
  return {
    ...asAncestor(row),
    ancestors: known(
      bearers.flatMap(({ lineage }) => lineage),
      rows,
    ).map(asAncestor),
    holders: holdersOf(row, rows).map(asAncestor),
    profileFixed: bearers.every(({ profile }) => profile !== null),
  };
}

/** Every grant whose holder has seen a token of this one, except the grant itself. */
function holdersOf(row: PrincipalRow, rows: Grants): PrincipalRow[] {
  const found = new Set([row]);
  // A set hands out elements that are added during a loop over it.
  for (const one of found) for (const other of known(handedTo(one, rows), rows)) found.add(other);
  found.delete(row);
  return [...found];
}

/**
 * Holders who were handed the tokens of a grant: its parent or the runner of a run, and every other bearer of
 * the name.
 */
function handedTo({ seen, lineage, taker, namesakes }: PrincipalRow, rows: Grants): string[] {
  const parent = seen ? lineage.slice(0, 1) : [];
  const runner = taker === null ? undefined : rows.get(taker);
  return [...parent, ...namesakes, ...(runner === undefined ? [] : throughRunner(runner))];
}

/**
 * The parents of a runner. A runner sees the tokens of all runs that it starts and is trusted with them: the
 * runner itself is no tie, but the grants that minted it are. A grant that takes runs under another name than
 * a runner's counts like any other.
 */
const throughRunner = ({ grantId, agent, role, seen, lineage }: PrincipalRow): readonly string[] =>
  isRunnerRole(role) && agent.startsWith('runner:') ? lineage.slice(0, seen ? 1 : 0) : [grantId];

const known = (grantIds: readonly string[], rows: Grants): PrincipalRow[] =>
  [...new Set(grantIds)].flatMap((grantId) => rows.get(grantId) ?? []);

const asAncestor = ({ agent, grantId, tier }: PrincipalRow): Ancestor => ({ sub: agent, grantId, tier });

/** Every principal that claimed, pushed or submitted for a task, in any of its epochs. */
export async function readMakers(
  session: Session,
  project: string,
  task: string,
  change: string,
): Promise<string[]> {
  const rows = await session.rows<{ grantId: string }>(makersOf, [
    project,
    [`task/${task}`, `change/${change}`],
  ]);
  return rows.map(({ grantId }) => grantId);
}

/** The agents under whose grants triggers started the runs of these grants. */
export async function readTriggerOwners(session: Session, grantIds: readonly string[]): Promise<string[]> {
  const rows = await session.rows<{ spawner: string }>(triggerOwnersOf, [grantIds]);
  return rows.map(({ spawner }) => spawner);
}
