import { eq } from 'drizzle-orm';
import { limits } from '../../lib/limits.ts';
import { jsonText } from '../../store/events.ts';
import { newId } from '../../store/ids.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Plan } from '../../tasks/plan.ts';
import { type Attenuation, attenuate, spent } from '../../tiers/attenuate.ts';
import type { Budget, Capability, Grant } from '../../tiers/capability.ts';
import type { CapabilityRequest } from '../../tiers/capability-schema.ts';
import { budgetKeys } from '../../tiers/profile.ts';
import { profiles } from '../../tiers/profiles.ts';
import { usualRole } from '../../tiers/roles.ts';
import type { GrantDraft } from './claims.ts';
import { childDraft, rootDraft } from './draft.ts';
import { grants } from './schema.ts';

export type GrantRow = typeof grants.$inferSelect;

/** What a caller asks for: who gets it, as what, and how long the grant may be renewed. */
export interface MintRequest {
  readonly agent: string;
  /** A profile of the plan; the members of `cap` narrow it further. */
  readonly profile?: string | undefined;
  readonly cap: Omit<CapabilityRequest, 'role'> & { readonly role?: string | undefined };
  readonly standing: boolean;
  readonly lifeSeconds?: number | undefined;
  readonly grantSeconds: number;
}

/** The row of a grant, locked: budgets are reserved from it. */
export async function lockGrant(tx: Tx, gid: string): Promise<GrantRow | undefined> {
  const [row] = await tx.orm.select().from(grants).where(eq(grants.gid, gid)).for('update');
  return row;
}

/**
 * The request with what the plan's profile and tasks fill in. Nothing that the caller named is replaced; a role that
 * nobody named is the usual one of the tier, which may be the profile's.
 */
export function withProfile(request: MintRequest, plan: Plan | undefined): CapabilityRequest {
  const profile = request.profile === undefined ? undefined : plan?.agents[request.profile];
  const { cap } = request;
  const tier = cap.tier ?? profile?.tier;
  const filled: CapabilityRequest = {
    ...(profile === undefined ? {} : profileMembers(profile)),
    ...cap,
    role: cap.role ?? profile?.role ?? usualRole[tier ?? 'implementer'],
  };
  if (tier !== 'implementer' || filled.w !== undefined) return filled;
  return { ...filled, w: planScope(plan) };
}

const profileMembers = ({
  tier,
  skills,
  write,
}: Plan['agents'][string]): Omit<CapabilityRequest, 'role'> => ({
  tier,
  skills,
  ...(write === undefined ? {} : { w: write }),
});

/** Every write scope of the plan, each glob once; what an implementer gets when nobody says otherwise. */
function planScope(plan: Plan | undefined): string[] {
  const globs = new Set(Object.values(plan?.tasks ?? {}).flatMap(({ write }) => write));
  return globs.size > limits.globsMax ? ['**'] : [...globs];
}

/** Decides the capability of a child: lattice, tier, plan ceilings, what the parent has left. */
export function childCapability(
  parent: Grant,
  row: GrantRow,
  request: CapabilityRequest,
  plan: Plan | undefined,
): Attenuation {
  const limit = plan?.limits.implementer;
  const tier = request.tier;
  const own = profiles[tier ?? 'implementer'].ceilings;
  const ceilings =
    tier === 'implementer' || tier === undefined
      ? { complexity: limit?.complexity ?? own.complexity, lines: limit?.functionLines ?? own.lines }
      : own;
  return attenuate(parent.cap, request, { left: row.leftBudget, ceilings });
}

const reserve = statement('grants.reserve', 'update grants set left_budget = $2::jsonb where gid = $1');
const putToken = statement(
  'tokens.put',
  'insert into tokens (jti, gid, issued_at, expires_at) values ($1, $2, to_timestamp($3), to_timestamp($4))',
);

export interface Minted {
  readonly gid: string;
  readonly draft: GrantDraft;
}

/** Writes the grant, reserves its budgets from the parent's row, and records its first token. */
export async function mintChild(
  tx: Tx,
  parent: { readonly grant: Grant; readonly row: GrantRow },
  request: MintRequest,
  cap: Capability,
  facts: { readonly now: Date; readonly epoch: number },
): Promise<Minted> {
  const naming = {
    sub: request.agent,
    gid: newId('grant'),
    jti: newId('token'),
    cap,
    ...(request.lifeSeconds === undefined ? {} : { lifeSeconds: request.lifeSeconds }),
  };
  const draft = childDraft(parent.grant, naming, { nowSeconds: seconds(facts.now), epoch: facts.epoch });
  await tx.rows(reserve, [parent.row.gid, jsonText(minus(parent.row.leftBudget, spent(cap.budget)))]);
  await insertGrant(tx, draft, request, parent.row.gid, facts.now);
  return { gid: draft.gid, draft };
}

/** The grant of the first human, the root of all delegation. Only the process that owns the state folder makes one. */
export async function mintRoot(
  tx: Tx,
  issuer: string,
  agent: string,
  cap: Capability,
  facts: { now: Date; epoch: number },
): Promise<Minted> {
  const draft = rootDraft(
    issuer,
    { sub: agent, gid: newId('grant'), jti: newId('token'), cap },
    { nowSeconds: seconds(facts.now), epoch: facts.epoch },
  );
  await insertGrant(tx, draft, { standing: true, grantSeconds: 10 * 365 * 86_400 }, null, facts.now);
  return { gid: draft.gid, draft };
}

async function insertGrant(
  tx: Tx,
  draft: GrantDraft,
  request: Pick<MintRequest, 'standing' | 'grantSeconds' | 'profile'>,
  parent: string | null,
  now: Date,
): Promise<void> {
  await tx.orm.insert(grants).values({
    gid: draft.gid,
    project: draft.cap.project,
    parent,
    agent: draft.sub,
    cap: draft.cap,
    lin: [...draft.lin],
    standing: request.standing,
    profile: request.profile ?? null,
    leftBudget: draft.cap.budget,
    returned: false,
    createdAt: now,
    expiresAt: new Date(now.getTime() + request.grantSeconds * 1000),
    revokedAt: null,
  });
  await recordToken(tx, draft);
}

export async function recordToken(tx: Tx, draft: GrantDraft): Promise<void> {
  await tx.rows(putToken, [draft.jti, draft.gid, draft.iat, draft.exp]);
}

export const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

export const minus = (from: Budget, what: Budget): Budget => combine(from, what, (a, b) => a - b);
export const plus = (to: Budget, what: Budget): Budget => combine(to, what, (a, b) => a + b);

function combine(one: Budget, other: Budget, how: (a: number, b: number) => number): Budget {
  const result: Record<string, number> = {};
  for (const key of budgetKeys) result[key] = how(one[key], other[key]);
  return result as unknown as Budget;
}

const ended = statement(
  'grants.ended',
  `update grants set returned = true where gid in (
     select gid from grants where not returned and parent is not null and (revoked_at is not null or expires_at <= andon_now()) limit 100 for update skip locked)
   returning gid, project, parent, left_budget as "leftBudget"`,
);

/** Gives what ended grants did not use back to their parents; answers the grants. */
export async function returnBudgets(
  tx: Tx,
): Promise<{ gid: string; project: string; parent: string; leftBudget: Budget }[]> {
  const rows = await tx.rows<{ gid: string; project: string; parent: string; leftBudget: Budget }>(ended);
  for (const row of rows) {
    const parent = await lockGrant(tx, row.parent);
    if (parent !== undefined)
      await tx.rows(reserve, [row.parent, jsonText(plus(parent.leftBudget, spent(row.leftBudget)))]);
  }
  return rows;
}
