import { eq } from 'drizzle-orm';
import type { Decision } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { limits } from '../../lib/limits.ts';
import type { Plan } from '../../plan/plan.ts';
import { baseLimits } from '../../plan/rules-of-plan.ts';
import { newId } from '../../process/new-id.ts';
import { jsonText } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Tier } from '../../tiers/actions.ts';
import { attenuate, spent } from '../../tiers/attenuate.ts';
import type { Budget, Capability } from '../../tiers/capability.ts';
import type { CapabilityRequest } from '../../tiers/capability-schema.ts';
import type { GrantReach } from '../../tiers/grant-reach.ts';
import { budgetKeys, type Ceilings } from '../../tiers/profile.ts';
import { profiles } from '../../tiers/profiles.ts';
import { roleOf, usualRole } from '../../tiers/roles.ts';
import type { GrantDraft } from './claims.ts';
import { childDraft, type Delegator, rootDraft } from './draft.ts';
import { grants } from './schema.ts';

/** A row of the table of grants. */
export type GrantRow = typeof grants.$inferSelect;

/** A request for a child grant: its name, its profile and capability, and the time for which it may be renewed. */
export interface MintRequest {
  readonly agent: string;
  /** A profile of the plan; the members of `cap` narrow it further. */
  readonly profile?: string | undefined;
  readonly cap: Omit<CapabilityRequest, 'role'> & { readonly role?: string | undefined };
  readonly lifeSeconds?: number | undefined;
  readonly grantSeconds: number;
  /** True when the parent gets to see the token; false for a run, whose token goes to a runner. */
  readonly seen: boolean;
  /** Epochs of the projects in which the holder may ask for tokens; absent for a grant on its own project alone. */
  readonly reach?: GrantReach | undefined;
}

/** The row of a grant, locked: budgets are reserved from it. */
export async function lockGrant(tx: Tx, grantId: string): Promise<GrantRow | undefined> {
  const [row] = await tx.orm.select().from(grants).where(eq(grants.grantId, grantId)).for('update');
  return row;
}

/** The agent profile of that name, if the plan has one. */
export const profileOf = (plan: Plan | undefined, name: string | undefined): Profile | undefined =>
  plan !== undefined && name !== undefined && Object.hasOwn(plan.agents, name)
    ? plan.agents[name]
    : undefined;

type Profile = Plan['agents'][string];

/** Completes a request from the plan's profile and tasks. Members that the caller named stay. */
export function withProfile(
  { profile: wanted, cap }: Pick<MintRequest, 'profile' | 'cap'>,
  plan: Plan | undefined,
): CapabilityRequest {
  const profile = profileOf(plan, wanted);
  const given: MintRequest['cap'] = { ...(profile === undefined ? {} : ofProfile(profile)), ...cap };
  const tier = given.tier ?? tierOf(given.role);
  const filled = { ...given, tier, role: given.role ?? usualRole[tier] };
  return tier === 'implementer' && filled.write === undefined
    ? { ...filled, write: planScope(plan) }
    : filled;
}

const tierOf = (role: string | undefined): Tier => roleOf(role ?? '')?.tier ?? 'implementer';

function ofProfile({ tier, role, skills, write }: Profile): MintRequest['cap'] {
  return {
    tier,
    skills,
    ...defined({ role, write }),
  };
}

// A lease or a smaller budget does not change the kind of agent.
const neutral: ReadonlySet<string> = new Set(['task', 'epoch', 'budget', 'project', 'plan']);

/** The profile of a grant when the plan fixes it; null when the caller chose more than a lease or a budget. */
const fixedProfile = ({ profile, cap }: Pick<MintRequest, 'profile' | 'cap'>): string | null =>
  profile !== undefined && Object.keys(cap).every((member) => neutral.has(member)) ? profile : null;

/** Every write scope of the plan, each glob once; the scope of an implementer when the request names none. */
function planScope(plan: Plan | undefined): string[] {
  const globs = new Set(Object.values(plan?.tasks ?? {}).flatMap(({ write }) => write));
  return globs.size > limits.globsMax ? ['**'] : [...globs];
}

/** Decides the capability of a child: lattice, tier, plan ceilings, remaining budget of the parent. */
export function childCapability(
  parent: { readonly cap: Capability },
  row: GrantRow,
  request: CapabilityRequest,
  plan: Plan | undefined,
): Decision<Capability> {
  const ceilings = ceilingsOf(request.tier ?? tierOf(request.role), plan);
  return attenuate(parent.cap, request, { left: row.leftBudget, ceilings });
}

function ceilingsOf(tier: Tier, plan: Plan | undefined): Ceilings {
  const { ceilings } = profiles[tier];
  if (tier !== 'implementer') return ceilings;
  return baseLimits(plan);
}

const reserve = statement('grants.reserve', 'update grants set left_budget = $2::jsonb where gid = $1');
const putToken = statement(
  'tokens.put',
  'insert into tokens (jti, gid, issued_at, expires_at, project) values ($1, $2, to_timestamp($3), to_timestamp($4), $5)',
);

/** A new grant, and the draft of its first token. */
export interface Minted {
  readonly grantId: string;
  readonly draft: GrantDraft;
}

/** Writes the grant, reserves its budgets from the parent's row, and records its first token. */
export async function mintChild(
  tx: Tx,
  parent: { readonly grant: Delegator; readonly row: GrantRow },
  request: MintRequest,
  cap: Capability,
  facts: { readonly now: Date; readonly epoch: number },
): Promise<Minted> {
  const naming = {
    sub: request.agent,
    grantId: newId('grant'),
    jti: newId('token'),
    cap,
    lifeSeconds: Math.min(request.lifeSeconds ?? request.grantSeconds, request.grantSeconds),
  };
  const draft = childDraft(parent.grant, naming, { nowSeconds: seconds(facts.now), epoch: facts.epoch });
  await tx.rows(reserve, [parent.row.grantId, jsonText(minus(parent.row.leftBudget, spent(cap.budget)))]);
  const row = { ...request, profile: fixedProfile(request) };
  await insertGrant(tx, draft, row, parent.row.grantId, facts.now);
  return { grantId: draft.grantId, draft };
}

/**
 * Makes the grant of the first human, the root of all delegation. Only the process that owns the state folder
 * calls this function.
 */
export async function mintRoot(
  tx: Tx,
  issuer: string,
  agent: string,
  cap: Capability,
  facts: { now: Date; epoch: number },
): Promise<Minted> {
  const draft = rootDraft(
    issuer,
    { sub: agent, grantId: newId('grant'), jti: newId('token'), cap },
    { nowSeconds: seconds(facts.now), epoch: facts.epoch },
  );
  const row = { grantSeconds: 10 * 365 * 86_400, profile: null, seen: true };
  await insertGrant(tx, draft, row, null, facts.now);
  return { grantId: draft.grantId, draft };
}

async function insertGrant(
  tx: Tx,
  draft: GrantDraft,
  request: Pick<MintRequest, 'grantSeconds' | 'seen' | 'reach'> & { readonly profile: string | null },
  parent: string | null,
  now: Date,
): Promise<void> {
  await tx.orm.insert(grants).values({
    grantId: draft.grantId,
    project: draft.cap.project,
    parent,
    agent: draft.sub,
    cap: draft.cap,
    lineage: [...draft.lineage],
    profile: request.profile,
    seen: request.seen,
    leftBudget: draft.cap.budget,
    returned: false,
    createdAt: now,
    expiresAt: new Date(now.getTime() + request.grantSeconds * 1000),
    revokedAt: null,
    projects: request.reach === undefined ? null : [...request.reach.projects],
    epochs: request.reach?.epochs ?? null,
  });
  await recordToken(tx, draft);
}

/** Records a token of a grant, before it is signed. */
export async function recordToken(tx: Tx, draft: GrantDraft): Promise<void> {
  await tx.rows(putToken, [draft.jti, draft.grantId, draft.iat, draft.exp, draft.cap.project]);
}

/** Seconds since 1970, rounded down. */
export const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/** Subtracts budgets member by member. */
export const minus = (from: Budget, what: Budget): Budget => combine(from, what, (a, b) => a - b);
/** Adds budgets member by member. */
export const plus = (to: Budget, what: Budget): Budget => combine(to, what, (a, b) => a + b);

function combine(one: Budget, other: Budget, how: (a: number, b: number) => number): Budget {
  const result: Record<string, number> = {};
  for (const key of budgetKeys) result[key] = how(one[key], other[key]);
  return result as unknown as Budget;
}

// A grant whose ancestor was revoked is dead by its lineage, and returns its budget like a revoked one.
const ended = statement(
  'grants.ended',
  `update grants set returned = true where gid in (
     select g.gid from grants g where not g.returned and g.parent is not null and (g.revoked_at is not null
       or g.expires_at <= (select andon_now()) or exists (select 1 from grants a where a.gid = any(g.lin) and a.revoked_at is not null))
     limit 100 for update skip locked)
   returning gid as "grantId", project, parent, left_budget as "leftBudget"`,
);

interface Returned {
  readonly grantId: string;
  readonly project: string;
  readonly parent: string;
  readonly leftBudget: Budget;
}

/** Returns the unspent budgets of ended grants to their parents; answers the grants. */
export async function returnBudgets(tx: Tx): Promise<Returned[]> {
  const rows = await tx.rows<Returned>(ended);
  for (const row of rows) {
    const heir = await heirOf(tx, row.parent);
    if (heir !== undefined)
      await tx.rows(reserve, [heir.grantId, jsonText(plus(heir.leftBudget, spent(row.leftBudget)))]);
  }
  return rows;
}

/** The nearest ancestor that has not returned its own budget yet: a budget returned to one that has would be lost. */
async function heirOf(tx: Tx, grantId: string): Promise<GrantRow | undefined> {
  const row = await lockGrant(tx, grantId);
  if (row === undefined || !row.returned || row.parent === null) return row;
  return heirOf(tx, row.parent);
}
