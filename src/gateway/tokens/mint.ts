import { z } from 'zod';
import { allowUnless, type Decision, denied, isDenied, type Reason, reason } from '../../lib/decision.ts';
import { limits } from '../../lib/limits.ts';
import type { Plan } from '../../plan/plan.ts';
import { event } from '../../store/log/events.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import type { Capability } from '../../tiers/capability.ts';
import { capabilityRequestSchema } from '../../tiers/capability-schema.ts';
import { endReasons, lifeReasons } from '../../tiers/grant-end.ts';
import { reachOf, reachReasons } from '../../tiers/grant-reach.ts';
import { type Bearer, namingReasons } from '../../tiers/naming.ts';
import { claimsFromWire, claimsToWire, membersFromWire, type WireClaims } from '../../tiers/wire.ts';
import type { Case, Effect } from '../admission/definitions.ts';
import { name, principal, project, tokenLife } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { readEpochs } from '../auth/epochs.ts';
import {
  childCapability,
  type GrantRow,
  lockGrant,
  mintChild,
  profileOf,
  withProfile,
} from '../auth/minting.ts';
import { readBearers } from '../auth/naming.ts';
import type { Gateway } from '../services.ts';

const mintInput = z.strictObject({
  project,
  agent: principal,
  profile: name.optional().describe('An agent profile of the plan'),
  cap: capabilityRequestSchema
    .partial({ role: true })
    .default({})
    .describe('Members that are narrower than the default'),
  lifeSeconds: tokenLife,
  grantSeconds: z
    .number()
    .int()
    .min(60)
    .max(365 * 86_400)
    .optional()
    .describe('How long the grant may be renewed; 12 hours, or as long as that of the caller, without'),
  projects: z
    .array(z.union([z.literal('*'), name]))
    .min(1)
    .max(limits.globsMax)
    .optional()
    .describe('Further projects in which its holder may ask for tokens, `*` for all; given by people'),
});
type MintInput = z.infer<typeof mintInput>;

/** The input with the whole names of the members of a capability. */
const narrowedBy = ({ cap, ...input }: MintInput) => ({ ...input, cap: membersFromWire(cap) });

/** A token as the caller gets it: signed after the commit, and never stored. */
export interface TokenAnswer {
  readonly grant: string;
  readonly agent: string;
  readonly expires: number;
  /** The end of the grant, until which its tokens are renewed; in seconds, as `expires`. */
  readonly grantExpires?: number;
  /** The lifetime of a renewed token, which may be shorter than the wish. */
  readonly lifeSeconds?: number;
  /** The claims as they are stored for a retry of the call. */
  readonly draft?: WireClaims;
  readonly token?: string;
}

/** The answer that leaves the gateway, with its token in the place of the draft. */
export const signed = async (
  { tokens: service }: Pick<Gateway, 'tokens'>,
  answer: TokenAnswer,
): Promise<Omit<TokenAnswer, 'draft'>> => {
  const { draft, ...rest } = answer;
  return draft === undefined ? rest : { ...rest, token: await service.sign(claimsFromWire(draft)) };
};

interface MintState {
  readonly row: GrantRow | undefined;
  /** Present bearers of the name. */
  readonly bearers: readonly Bearer[];
  readonly plan: Plan | undefined;
  readonly epochs: ReadonlyMap<string, number>;
}

const usualGrantSeconds = 12 * 3600;

/**
 * Time in seconds for which the child's grant may be renewed: the requested time, else no longer than that of
 * its parent.
 */
function grantSecondsOf({ grantSeconds }: MintInput, { expiresAt }: GrantRow, now: Date): number {
  const left = Math.floor((expiresAt.getTime() - now.getTime()) / 1000);
  return grantSeconds ?? Math.max(1, Math.min(usualGrantSeconds, left));
}

/** Reasons against the child's name, or against its lifetime. */
function boundReasons(
  { grant, input, facts: { bearers, epochs }, entered: { now } }: MintCase,
  { row, cap, grantSeconds }: DecidedChild,
): Reason[] {
  const by = { grantId: grant.grantId, tier: grant.cap.tier };
  const end = now.getTime() + grantSeconds * 1000;
  return [
    ...namingReasons({ agent: input.agent, cap, by, bearers }),
    ...endReasons('grantSeconds', end, row.expiresAt),
    ...lifeReasons(input.lifeSeconds, { tier: cap.tier, grantSeconds }),
    ...(input.projects === undefined
      ? []
      : reachReasons({ projects: input.projects, cap, by: grant.cap, epochs })),
  ];
}

type MintCase = Case<MintInput, unknown, MintState>;

/** The child: its capability, the lifetime of its grant, the row of its parent. */
interface DecidedChild {
  readonly row: GrantRow;
  readonly cap: Capability;
  readonly grantSeconds: number;
}

function decideChild(asked: MintCase): Decision<DecidedChild> {
  const { row } = asked.facts;
  if (row === undefined) return denied(reason('grant.missing', asked.grant.grantId));
  const narrowed = attenuated(asked, row);
  if (isDenied(narrowed)) return narrowed;
  const grantSeconds = grantSecondsOf(asked.input, row, asked.entered.now);
  const child = { row, cap: narrowed.decided, grantSeconds };
  return allowUnless(boundReasons(asked, child), child);
}

function attenuated({ grant, input, facts: { plan } }: MintCase, row: GrantRow): Decision<Capability> {
  if (input.profile !== undefined && profileOf(plan, input.profile) === undefined)
    return denied(reason('plan.reference', `agents.${input.profile}`, { found: input.profile }));
  const request = { project: input.project, plan: input.project, ...withProfile(narrowedBy(input), plan) };
  // The epoch that the token is bound to, and the lock that it is minted under, are those of the call's
  // project.
  if (request.project !== input.project)
    return denied(
      reason('grant.project', 'cap.project', { found: request.project ?? '', limit: input.project }),
    );
  return childCapability(grant, row, request, plan);
}

/** The procedure `token.mint`: delegates a part of the caller's rights and answers a signed token. */
export function mintProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:mint',
    description:
      'Mints a token for an agent, inside the bounds of the caller’s own grant; budgets are reserved from it.',
    input: mintInput,
    facts: async (tx, { grant, input, entered }): Promise<MintState> => {
      const row = await lockGrant(tx, grant.grantId);
      const plan = await planAt(tx, input.project, (await entered).planHash);
      const bearers = await readBearers(tx, input.project, input.agent);
      return { row, plan, bearers, epochs: await readEpochs(tx, [input.project, ...(input.projects ?? [])]) };
    },
    decide: decideChild,
    effect: async (tx, { decided }, { grant, input, facts, entered }): Promise<Effect<TokenAnswer>> => {
      const { row, cap, grantSeconds } = decided;
      // The minter gets the token, and can act under it.
      const reach = reachOf(input.projects, input.project, facts.epochs);
      const request = { ...narrowedBy(input), grantSeconds, seen: true, reach };
      const at = { now: entered.now, epoch: facts.epochs.get(input.project) ?? 1 };
      const minted = await mintChild(tx, { grant, row }, request, cap, at);
      // The token is signed once before the commit, so that a grant whose token would be too long is not
      // written.
      await gateway.tokens.sign(minted.draft);
      const { tier, role, write, deny, budget } = cap;
      const data = {
        agent: input.agent,
        tier,
        role,
        profile: input.profile ?? null,
        parent: grant.grantId,
        w: write,
        x: deny,
        budget,
        ...(reach === undefined ? {} : { projects: reach.projects }),
      };
      return {
        answer: {
          grant: minted.grantId,
          agent: input.agent,
          expires: minted.draft.exp,
          grantExpires: minted.draft.iat + grantSeconds,
          draft: claimsToWire(minted.draft),
        },
        events: [event('grant.minted', `grant/${minted.grantId}`, data)],
      };
    },
    after: (answer) => signed(gateway, answer),
  });
}
