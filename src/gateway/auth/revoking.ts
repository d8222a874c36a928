import { and, eq, sql } from 'drizzle-orm';
import { voidPassesOf } from '../../changes/slots/void.ts';
import { type Reason, reason } from '../../lib/decision.ts';
import type { RevocationEntry, RevocationKind } from '../../store/log/event-data/shared.ts';
import type { EventDraft } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Grant } from '../../tiers/capability.ts';
import { grants } from './schema.ts';

const put = statement(
  'revocations.put',
  `insert into revocations (project, kind, value, by_agent, why)
   select p, k, v, $4, $5 from unnest($1::text[], $2::text[], $3::text[]) as t(p, k, v) on conflict do nothing`,
);
// A grant over several projects that ends in one of them lives on in the others.
const mark = statement(
  'grants.revoke',
  `update grants g set revoked_at = coalesce(g.revoked_at, andon_now()) from unnest($1::text[], $2::text[]) e(gid, project)
   where g.gid = e.gid and (g.projects is null or e.project = '*')`,
);

/** The gates that count no more since the grants of their runners are revoked, and the events of that. */
export interface VoidedByRevocation {
  readonly voided: readonly string[];
  readonly events: readonly EventDraft[];
}

/**
 * Writes revocations. Descendants of a grant fall through their lineage; their rows need no mark. Gates that ran under a
 * revoked grant count no more, whoever revokes it. The caller holds the exclusive lock where there is a grant.
 */
export async function revoke(
  tx: Tx,
  entries: readonly RevocationEntry[],
  by: string,
  why: string,
): Promise<VoidedByRevocation> {
  await tx.rows(put, [
    entries.map(({ project }) => project),
    entries.map(({ kind }) => kind),
    entries.map(({ value }) => value),
    by,
    why,
  ]);
  const whole = entries.filter(({ kind }) => kind === 'grant');
  await tx.rows(mark, [whole.map(({ value }) => value), whole.map(({ project }) => project)]);
  const voided: string[] = [];
  const events: EventDraft[] = [];
  const reason = `the grant of its runner was revoked: ${why}`;
  for (const project of new Set(whole.map((entry) => entry.project))) {
    const grantIds = whole.filter((entry) => entry.project === project).map(({ value }) => value);
    const found = await voidPassesOf(tx, project, grantIds, reason);
    voided.push(...found.voided);
    events.push(...found.events);
  }
  return { voided, events };
}

/** A grant that a revocation is about. */
export interface RevocationTarget {
  readonly grantId: string;
  readonly project: string;
  readonly lineage: readonly string[];
  /** The projects of a grant over several. */
  readonly projects: readonly string[] | null;
}

const ofProject = (project: string) =>
  project === '*'
    ? sql`true`
    : sql`(${grants.project} in (${project}, '*') or ${grants.projects} && array[${project}, '*'])`;

const named = (kind: 'token' | 'grant' | 'agent', value: string) => {
  if (kind === 'grant') return eq(grants.grantId, value);
  if (kind === 'token') return sql`${grants.grantId} = (select gid from tokens where jti = ${value})`;
  return and(eq(grants.agent, value), sql`${grants.revokedAt} is null`);
};

/**
 * The grants behind a token, a grant or an agent that hold in the project (in any for `*`), those on every
 * project included.
 */
export async function findTargets(
  tx: Tx,
  project: string,
  kind: 'token' | 'grant' | 'agent',
  value: string,
): Promise<RevocationTarget[]> {
  return tx.orm
    .select({
      grantId: grants.grantId,
      project: grants.project,
      lineage: grants.lineage,
      projects: grants.projects,
    })
    .from(grants)
    .where(and(named(kind, value), ofProject(project)));
}

/**
 * Reasons why `grant` may not revoke the targets. People revoke any grant in their project, executives grants
 * that descend from theirs. A grant on every project is revoked under the lock of the whole gateway, that is
 * for the project `*`.
 */
export function targetReasons(grant: Grant, project: string, targets: readonly RevocationTarget[]): Reason[] {
  return targets.flatMap((target) => {
    const subject = `grant/${target.grantId}`;
    if (target.project === '*' && project !== '*')
      return [
        reason('grant.project', subject, { found: project, limit: '*', next: 'revoke it for project `*`' }),
      ];
    const own = target.grantId === grant.grantId || target.lineage.includes(grant.grantId);
    if (grant.cap.tier === 'human' || own) return [];
    return [
      reason('grant.tier', subject, { found: grant.cap.tier, limit: 'a grant that descends from yours' }),
    ];
  });
}

/** A revocation for each of the grants. A grant over several projects ends in that of the call; for `*`, in all. */
export const grantEntries = (project: string, targets: readonly RevocationTarget[]): RevocationEntry[] =>
  targets.map(({ grantId, project: own, projects }) => ({
    project: projects === null ? own : project,
    kind: 'grant',
    value: grantId,
  }));

/** The revocations for a token, a grant, an agent or a key. Revoking any token revokes its grant. */
export function entriesFor(
  project: string,
  kind: RevocationKind,
  value: string,
  targets: readonly RevocationTarget[],
): RevocationEntry[] {
  if (kind === 'key') return [{ project: '*', kind, value }];
  const entries = grantEntries(project, targets);
  if (kind === 'grant') return entries;
  const projects = [...new Set(entries.map((entry) => entry.project))];
  return [...projects.map((one) => ({ project: one, kind, value })), ...entries];
}
