import { isDeepStrictEqual } from 'node:util';
import { and, eq, isNull } from 'drizzle-orm';
import { newId } from '../../process/new-id.ts';
import { appendEvents, event, gatewayEvent } from '../../store/log/events.ts';
import type { Sequencer } from '../../store/log/sequencer.ts';
import type { Store, Tx } from '../../store/store.ts';
import type { Capability } from '../../tiers/capability.ts';
import { human } from '../../tiers/human.ts';
import { actionsOf } from '../../tiers/profile.ts';
import { enter } from '../admission/enter.ts';
import type { GrantDraft } from '../auth/claims.ts';
import { rootDraft } from '../auth/draft.ts';
import { type GrantRow, mintRoot, minus, plus, recordToken, seconds } from '../auth/minting.ts';
import { grants } from '../auth/schema.ts';
import { writeSecret } from '../auth/secret-file.ts';
import type { TokenService } from '../auth/token-service.ts';

/** The token of the first human, in a file that only its owner can read. */
export interface OwnerToken {
  readonly file: string;
  /** Writes a fresh token of the same grant. */
  refresh(): Promise<void>;
}

/** Services and file of the owner's token. */
export interface OwnerOptions {
  readonly store: Store;
  readonly tokens: TokenService;
  readonly sequencer: Sequencer;
  readonly file: string;
}

/** Every right on every project, for the person who starts the gateway. The root of all delegation. */
const ownerCapability: Capability = {
  v: 1,
  role: 'OWNER',
  tier: 'human',
  project: '*',
  plan: '*',
  actions: actionsOf('human'),
  delegable: human.delegable,
  phases: ['*'],
  refs: ['task/'],
  write: ['**'],
  read: ['**'],
  deny: [],
  ...human.ceilings,
  budget: human.budget,
  depth: human.depth,
  mints: human.mints,
  skills: ['*'],
};

const ownerName = 'human:owner';

/** Makes the owner's grant when there is none, brings it up to this version, and writes a token of it to the file. */
export async function ensureOwner(options: OwnerOptions): Promise<OwnerToken> {
  const refresh = async (): Promise<void> =>
    writeSecret(options.file, await options.tokens.sign(await ownerDraft(options)));
  await refresh();
  return { file: options.file, refresh };
}

async function ownerDraft({ store, tokens, sequencer }: OwnerOptions): Promise<GrantDraft> {
  const draft = await store.transaction(async (tx) => {
    const { now, epoch } = await enter(tx, { project: '*', exclusive: true });
    const facts = { now, epoch: epoch ?? 1 };
    const row = await ownerGrant(tx);
    if (row !== undefined) return renewed(tx, tokens.issuer, await upgraded(tx, row), facts);
    const { draft: first, grantId } = await mintRoot(tx, tokens.issuer, ownerName, ownerCapability, facts);
    const minted = event('grant.minted', `grant/${grantId}`, { ...ofOwner, parent: null });
    appendEvents(tx, [gatewayEvent('*', minted)]);
    return first;
  });
  sequencer.wake();
  return draft;
}

const ofOwner = { agent: ownerName, tier: 'human' } as const;

/**
 * The grant with the rights that this version adds for the owner. Rights of another version stay, so that
 * gateways of two versions, which start in any order, do not take turns in changing the grant.
 */
async function upgraded(tx: Tx, row: GrantRow): Promise<GrantRow> {
  const { actions, delegable } = row.cap;
  const added = without(ownerCapability.actions, actions);
  const cap: Capability = {
    ...ownerCapability,
    actions: [...actions, ...added],
    delegable: [...delegable, ...without(ownerCapability.delegable, delegable)],
  };
  if (isDeepStrictEqual(cap, row.cap)) return row;
  const leftBudget = plus(row.leftBudget, minus(cap.budget, row.cap.budget));
  await tx.orm.update(grants).set({ cap, leftBudget }).where(eq(grants.grantId, row.grantId));
  const updated = event('grant.updated', `grant/${row.grantId}`, { ...ofOwner, added });
  appendEvents(tx, [gatewayEvent('*', updated)]);
  return { ...row, cap, leftBudget };
}

const without = (all: Capability['actions'], held: Capability['actions']): Capability['actions'] =>
  all.filter((one) => !held.includes(one));

async function ownerGrant(tx: Tx): Promise<GrantRow | undefined> {
  const [row] = await tx.orm
    .select()
    .from(grants)
    .where(and(eq(grants.agent, ownerName), isNull(grants.parent), isNull(grants.revokedAt)))
    .limit(1);
  return row;
}

async function renewed(
  tx: Tx,
  issuer: string,
  row: GrantRow,
  facts: { now: Date; epoch: number },
): Promise<GrantDraft> {
  const naming = { sub: row.agent, grantId: row.grantId, jti: newId('token'), cap: row.cap };
  const draft = rootDraft(issuer, naming, { nowSeconds: seconds(facts.now), epoch: facts.epoch });
  await recordToken(tx, draft);
  return draft;
}
