import type { Ancestor, Party } from '../policies/duty.ts';
import { type Session, statement } from '../store/store.ts';
import type { Tier } from '../tiers/actions.ts';

interface PartyRow {
  readonly gid: string;
  readonly agent: string;
  readonly tier: Tier;
  readonly role: string;
  readonly lin: readonly string[];
  readonly profile: string | null;
  readonly seen: boolean;
  readonly taker: string | null;
  readonly namesakes: readonly string[];
}

// A grant of an earlier version does not list who has seen its tokens: its parent has, unless the grant
// belongs to a run. Living grants of one name count as one holder, from any grantor; those of people are not
// looked up, since people are no tie.
const readGrants = statement(
  'party.grants',
  `select g.gid, g.agent, g.cap->>'tier' as tier, g.cap->>'role' as role, g.lin, g.profile,
     coalesce(g.seen, not exists (select from runs r where r.gid = g.gid)) as seen,
     (select r.runner_gid from runs r where r.gid = g.gid limit 1) as taker,
     case when g.cap->>'tier' = 'human' then '{}'::text[] else array(
       select o.gid from grants o where o.agent = g.agent and o.project in (g.project, '*') and o.gid <> g.gid
         and o.revoked_at is null and o.expires_at > andon_now()
         and not exists (select from grants a where a.gid = any(o.lin) and a.revoked_at is not null)) end as namesakes
   from grants g where g.gid = any($1::text[])`,
);
const makersOf = statement(
  'party.makers',
  `select distinct gid from events where project = $1 and subject = any($2::text[]) and allowed and gid is not null
     and type in ('task.claimed', 'change.pushed', 'change.submitted', 'task.stolen')`,
);
const triggerOwnersOf = statement(
  'party.triggerOwners',
  `select distinct r.spawner from runs r where r.gid = any($1::text[]) and r.trigger is not null and r.spawner not like 'human:%'`,
);

/** A principal with its lineage and holders, as separation of duty needs them. */
export type KnownParty = Party & { readonly profileFixed: boolean };

type Grants = ReadonlyMap<string, PartyRow>;

/** Principals by grant id, with the grants above theirs and the grants whose holders have seen their tokens. */
export async function readParties(
  session: Session,
  gids: readonly string[],
): Promise<Map<string, KnownParty>> {
  const rows = await readRelated(session, gids);
  const parties = new Map<string, KnownParty>();
  for (const gid of gids) {
    const row = rows.get(gid);
    if (row !== undefined) parties.set(gid, asParty(row, rows));
  }
  return parties;
}

/** The grants with all related ones, at any distance: lineages, runners that took a run, namesakes. */
async function readRelated(session: Session, gids: readonly string[]): Promise<Grants> {
  const rows = new Map<string, PartyRow>();
  for (let wanted = [...new Set(gids)]; wanted.length > 0; ) {
    const found = await session.rows<PartyRow>(readGrants, [wanted]);
    for (const row of found) rows.set(row.gid, row);
    const related = found.flatMap(({ lin, taker, namesakes }) => [...lin, ...namesakes, ...listed(taker)]);
    wanted = [...new Set(related)].filter((gid) => !rows.has(gid));
  }
  return rows;
}

const listed = (gid: string | null): string[] => (gid === null ? [] : [gid]);

function asParty(row: PartyRow, rows: Grants): KnownParty {
  const bearers = known([row.gid, ...row.namesakes], rows);
  return {
    ...asAncestor(row),
    ancestors: known(
      bearers.flatMap(({ lin }) => lin),
      rows,
    ).map(asAncestor),
    holders: holdersOf(row, rows).map(asAncestor),
    profileFixed: bearers.every(({ profile }) => profile !== null),
  };
}

/** Every grant whose holder has seen a token of this one, except the grant itself. */
function holdersOf(row: PartyRow, rows: Grants): PartyRow[] {
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
function handedTo({ seen, lin, taker, namesakes }: PartyRow, rows: Grants): string[] {
  const parent = seen ? lin.slice(0, 1) : [];
  const runner = taker === null ? undefined : rows.get(taker);
  return [...parent, ...namesakes, ...(runner === undefined ? [] : throughRunner(runner))];
}

/**
 * The parents of a runner. A runner sees the tokens of all runs that it starts and is trusted with them: the
 * runner itself is no tie, but the grants that minted it are. A grant that takes runs under another name than
 * a runner's counts like any other.
 */
const throughRunner = ({ gid, agent, role, seen, lin }: PartyRow): readonly string[] =>
  role === 'RUNNER' && agent.startsWith('runner:') ? lin.slice(0, seen ? 1 : 0) : [gid];

const known = (gids: readonly string[], rows: Grants): PartyRow[] =>
  [...new Set(gids)].flatMap((gid) => rows.get(gid) ?? []);

const asAncestor = ({ agent, gid, tier }: PartyRow): Ancestor => ({ sub: agent, gid, tier });

/** Every principal that claimed, pushed or submitted for a task, in any of its epochs. */
export async function readMakers(
  session: Session,
  project: string,
  task: string,
  change: string,
): Promise<string[]> {
  const rows = await session.rows<{ gid: string }>(makersOf, [project, [`task/${task}`, `change/${change}`]]);
  return rows.map(({ gid }) => gid);
}

/** The agents under whose grants triggers started the runs of these grants. */
export async function readTriggerOwners(session: Session, gids: readonly string[]): Promise<string[]> {
  const rows = await session.rows<{ spawner: string }>(triggerOwnersOf, [gids]);
  return rows.map(({ spawner }) => spawner);
}
