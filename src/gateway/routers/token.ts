import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { newId } from '../../store/ids.ts';
import { statement, type Tx } from '../../store/store.ts';
import { returnTask } from '../../tasks/lease.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { lockTask } from '../../tasks/rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import { capabilityRequestSchema } from '../../tiers/capability-schema.ts';
import { explain } from '../../tiers/explain.ts';
import type { GrantDraft } from '../auth/claims.ts';
import { renewedDraft } from '../auth/draft.ts';
import { childCapability, lockGrant, mintChild, recordToken, seconds, withProfile } from '../auth/minting.ts';
import { entriesFor, grantsOf, revoke } from '../auth/revoking.ts';
import { grants, tokens } from '../auth/schema.ts';
import type { Effect } from '../door/definitions.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, query, t } from '../door/procedure.ts';
import { name, principal, project, text } from './inputs.ts';

const mintInput = z.strictObject({
  project,
  agent: principal,
  profile: name.optional().describe('An agent profile of the plan'),
  cap: capabilityRequestSchema
    .partial({ role: true })
    .default({})
    .describe('Members that are narrower than the default'),
  standing: z.boolean().default(false),
  lifeSeconds: z.number().int().min(1).max(86_400).optional(),
  grantSeconds: z
    .number()
    .int()
    .min(60)
    .max(365 * 86_400)
    .default(12 * 3600)
    .describe('How long the grant may be renewed'),
});

/** A token as it is handed out: signed after the commit, and never stored. */
export interface TokenAnswer {
  readonly grant: string;
  readonly agent: string;
  readonly expires: number;
  readonly draft?: GrantDraft;
  readonly token?: string;
}

const signed = async ({ tokens: service }: Gateway, answer: TokenAnswer): Promise<TokenAnswer> => {
  const { draft, ...rest } = answer;
  return draft === undefined ? rest : { ...rest, token: await service.sign(draft) };
};

/** Tokens: minted, renewed, revoked, explained. */
export function tokenRouter(gateway: Gateway) {
  return t.router({
    mint: mintProcedure(gateway),
    renew: renewProcedure(gateway),
    revoke: revokeProcedure(gateway),
    raiseEpoch: raiseEpochProcedure(gateway),
    list: query(gateway, {
      action: 'token:read',
      description: 'Lists the grants of a project: who holds them, from whom, and whether they still hold.',
      input: z.strictObject({
        project,
        agent: principal.optional(),
        limit: z.number().int().min(1).max(1000).default(200),
      }),
      answer: ({ store }, input) => {
        const where =
          input.agent === undefined
            ? eq(grants.project, input.project)
            : and(eq(grants.project, input.project), eq(grants.agent, input.agent));
        return store.orm
          .select()
          .from(grants)
          .where(where)
          .orderBy(desc(grants.createdAt))
          .limit(input.limit);
      },
    }),
    explain: query(gateway, {
      action: 'grant:explain',
      description: 'Tells what the caller’s grant allows and what it does not.',
      input: z.strictObject({ project }),
      answer: (_gateway, _input, call) => ({
        agent: call.grant.sub,
        grant: call.grant.gid,
        token: call.grant.jti,
        expires: call.grant.exp,
        lineage: call.grant.lin,
        ...explain(call.grant.cap),
      }),
    }),
    keys: query(gateway, {
      action: 'token:read',
      description: 'Lists the public keys that tokens are verified with.',
      input: z.strictObject({ project }),
      answer: ({ tokens: service }) => service.keys.jwks(),
    }),
    rotateKey: mutation(gateway, {
      action: 'key:rotate',
      description: 'Makes the next key sign; the former one verifies until its last token has expired.',
      input: z.strictObject({ project }),
      exclusive: true,
      fixed: async () => undefined,
      moving: async () => undefined,
      decide: ({ grant }) =>
        grant.cap.project === '*'
          ? []
          : [reason('grant.project', 'keys', { found: grant.cap.project, limit: '*' })],
      effect: async (_tx, _permit, _facts, { tokens: service }) => {
        await service.keys.rotate();
        const { kid } = service.keys.active();
        return { answer: { kid }, events: [{ type: 'key.rotated', subject: `key/${kid}`, data: { kid } }] };
      },
      after: async ({ tokens: service }, answer) => {
        await service.shareKeys();
        return answer;
      },
    }),
  });
}

function mintProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:mint',
    description:
      'Mints a token for an agent, inside the bounds of the caller’s own grant; budgets are reserved from it.',
    input: mintInput,
    fixed: async () => undefined,
    moving: async (tx, { grant, input, entered }) => {
      const row = await lockGrant(tx, grant.gid);
      const plan = await planAt(tx, input.project, (await entered).planHash);
      return { row, plan, epoch: await projectEpoch(tx, input.project) };
    },
    decide: ({ grant, input, moving }) => {
      if (moving.row === undefined) return [reason('grant.missing', grant.gid)];
      const unknown = input.profile !== undefined && moving.plan?.agents[input.profile] === undefined;
      if (unknown)
        return [reason('plan.reference', `agents.${input.profile}`, { found: input.profile ?? '' })];
      const request = {
        project: input.project,
        plan: input.project,
        ...withProfile(input, moving.plan),
      };
      return childCapability(grant, moving.row, request, moving.plan).reasons ?? [];
    },
    effect: async (tx, _permit, { grant, input, moving, entered }): Promise<Effect<TokenAnswer>> => {
      const request = {
        project: input.project,
        plan: input.project,
        ...withProfile(input, moving.plan),
      };
      const row = moving.row;
      const { cap } = row === undefined ? {} : childCapability(grant, row, request, moving.plan);
      if (cap === undefined || row === undefined) throw new Error('minted without a capability');
      const minted = await mintChild(tx, { grant, row }, input, cap, {
        now: entered.now,
        epoch: moving.epoch,
      });
      const data = {
        agent: input.agent,
        tier: cap.tier,
        role: cap.role,
        profile: input.profile ?? null,
        parent: grant.gid,
        w: cap.w,
        x: cap.x,
        budget: cap.budget,
      };
      return {
        answer: { grant: minted.gid, agent: input.agent, expires: minted.draft.exp, draft: minted.draft },
        events: [{ type: 'grant.minted', subject: `grant/${minted.gid}`, data }],
      };
    },
    after: signed,
  });
}

const epochOf = statement('projects.epoch', 'select epoch from projects where name = $1');

async function projectEpoch(tx: Tx, projectName: string): Promise<number> {
  const [row] = await tx.rows<{ epoch: number }>(epochOf, [projectName]);
  return row?.epoch ?? 1;
}

const replace = statement(
  'tokens.replace',
  'update tokens set replaced_by = $2, replaced_at = andon_now() where jti = $1',
);

/** Why a grant cannot be renewed: it ended, or the lease that it is bound to did. */
async function renewalReasons(tx: Tx, grant: Grant, now: Date): Promise<Reason[]> {
  const row = await lockGrant(tx, grant.gid);
  if (row === undefined) return [reason('grant.missing', grant.gid)];
  if (row.expiresAt <= now)
    return [
      reason('token.expired', grant.gid, {
        found: 'the grant itself has ended',
        limit: row.expiresAt.toISOString(),
      }),
    ];
  const { task, epoch, project: bound } = grant.cap;
  if (task === undefined || epoch === undefined) return [];
  const held = await lockTask(tx, bound, task);
  const live =
    held?.state === 'in_progress' &&
    held.epoch === epoch &&
    held.leaseUntil !== null &&
    held.leaseUntil > now;
  return live
    ? []
    : [reason('lease.lost', `task/${task}`, { found: held?.state ?? 'gone', limit: `epoch ${epoch}` })];
}

function renewProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:renew',
    description:
      'Hands out the next token of the caller’s grant; the present one dies after 30 s. Renewing with it again revokes the grant.',
    input: z.strictObject({ project, lifeSeconds: z.number().int().min(1).max(86_400).optional() }),
    exclusive: true,
    acceptsReplaced: true,
    fixed: async () => undefined,
    moving: async (tx, { grant, entered }) => ({
      reasons: await renewalReasons(tx, grant, (await entered).now),
      row: await tokenRow(tx, grant.jti),
    }),
    decide: ({ moving }) => moving.reasons,
    effect: async (
      tx,
      _permit,
      { grant, input, moving, entered },
    ): Promise<Effect<TokenAnswer & { stolen?: true }>> => {
      if (moving.row?.replacedAt) return replayed(tx, grant, input.project);
      const draft = renewedDraft(
        grant,
        {
          jti: newId('token'),
          ...(input.lifeSeconds === undefined ? {} : { lifeSeconds: input.lifeSeconds }),
        },
        seconds(entered.now),
      );
      await recordToken(tx, draft);
      await tx.rows(replace, [grant.jti, draft.jti]);
      return {
        answer: { grant: grant.gid, agent: grant.sub, expires: draft.exp, draft },
        events: [
          { type: 'token.renewed', subject: `grant/${grant.gid}`, data: { from: grant.jti, to: draft.jti } },
        ],
      };
    },
    after: async (door, answer) => {
      if ('stolen' in answer)
        throw new AndonError([
          reason('token.revoked', answer.grant, { found: 'a token was renewed twice: the grant is revoked' }),
        ]);
      return signed(door, answer);
    },
  });
}

async function tokenRow(tx: Tx, jti: string): Promise<typeof tokens.$inferSelect | undefined> {
  const [row] = await tx.orm.select().from(tokens).where(eq(tokens.jti, jti));
  return row;
}

/** A token that was already renewed is offered again: two parties hold it, so the whole grant ends. */
async function replayed(
  tx: Tx,
  grant: Grant,
  projectName: string,
): Promise<Effect<TokenAnswer & { stolen: true }>> {
  const rows = [{ project: projectName, kind: 'grant' as const, value: grant.gid }];
  await revoke(tx, rows, 'gateway', 'a token was renewed twice');
  return {
    answer: { grant: grant.gid, agent: grant.sub, expires: 0, stolen: true },
    events: [
      { type: 'token.replayed', subject: `grant/${grant.gid}`, data: { token: grant.jti } },
      {
        type: 'token.revoked',
        subject: `grant/${grant.gid}`,
        data: { rows, why: 'a token was renewed twice' },
      },
    ],
  };
}

/** Executives revoke what descends from them; humans of the project revoke anything in it; keys need every project. */
async function revocationReasons(
  tx: Tx,
  grant: Grant,
  kind: string,
  value: string,
  projectName: string,
): Promise<Reason[]> {
  if (kind === 'key')
    return grant.cap.project === '*'
      ? []
      : [reason('grant.project', `key/${value}`, { found: grant.cap.project, limit: '*' })];
  if (grant.cap.tier === 'human') return [];
  const own =
    kind === 'agent'
      ? eq(grants.agent, value)
      : sql`${grants.gid} = ${value} or ${grants.gid} = (select gid from tokens where jti = ${value})`;
  const rows = await tx.orm
    .select({ gid: grants.gid, lin: grants.lin })
    .from(grants)
    .where(and(eq(grants.project, projectName), own));
  const foreign = rows.filter((row) => row.gid !== grant.gid && !row.lin.includes(grant.gid));
  return foreign.map((row) =>
    reason('grant.tier', `grant/${row.gid}`, {
      found: grant.cap.tier,
      limit: 'a grant that descends from yours',
    }),
  );
}

function revokeProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:revoke',
    description:
      'Revokes a token with its grant, a grant, an agent or a key, at once and for everything that descends from it.',
    input: z.strictObject({
      project,
      kind: z.enum(['token', 'grant', 'agent', 'key']),
      value: text(200),
      why: text(2000),
    }),
    exclusive: true,
    fixed: async () => undefined,
    moving: async (tx, { grant, input }) => ({
      rows: await entriesFor(tx, input.project, input.kind, input.value),
      reasons: await revocationReasons(tx, grant, input.kind, input.value, input.project),
    }),
    decide: ({ input, moving }) =>
      moving.rows.length === 0 ? [reason('grant.missing', `${input.kind}/${input.value}`)] : moving.reasons,
    effect: async (tx, _permit, { grant, input, moving }) => {
      await revoke(tx, moving.rows, grant.sub, input.why);
      return {
        answer: { revoked: moving.rows },
        events: [
          {
            type: 'token.revoked',
            subject: `${input.kind}/${input.value}`,
            data: { rows: moving.rows, why: input.why },
          },
        ],
      };
    },
  });
}

const raise = statement(
  'projects.raiseEpoch',
  'update projects set epoch = epoch + 1 where name = $1 returning epoch',
);

function raiseEpochProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:revoke',
    description: 'Raises the epoch of a project: every token of it that was minted before is dead.',
    input: z.strictObject({ project, why: text(2000) }),
    exclusive: true,
    fixed: async () => undefined,
    moving: async () => undefined,
    decide: ({ grant }) =>
      grant.cap.tier === 'human'
        ? []
        : [reason('grant.tier', 'epoch', { found: grant.cap.tier, limit: 'human' })],
    effect: async (tx, _permit, { input }) => {
      const [row] = await tx.rows<{ epoch: number }>(raise, [input.project]);
      const epoch = row?.epoch ?? 1;
      return {
        answer: { project: input.project, epoch },
        events: [
          { type: 'epoch.raised', subject: `project/${input.project}`, data: { epoch, why: input.why } },
        ],
      };
    },
  });
}

const heldBy = statement(
  'tasks.heldBy',
  `select id, epoch from tasks where project = $1 and holder = $2 and state = 'in_progress' for update`,
);

/** Agents: who works here, and the end of it. */
export function agentRouter(gateway: Gateway) {
  return t.router({
    terminate: mutation(gateway, {
      action: 'agent:terminate',
      description:
        'Ends everything an agent holds in the project: its grants are revoked, its tasks go back to the pool.',
      input: z.strictObject({ project, agent: principal, why: text(2000) }),
      exclusive: true,
      fixed: async () => undefined,
      moving: async (tx, { grant, input }) => ({
        rows: await grantsOf(tx, input.project, input.agent),
        reasons: await revocationReasons(tx, grant, 'agent', input.agent, input.project),
        tasks: await tx.rows<{ id: string; epoch: number }>(heldBy, [input.project, input.agent]),
      }),
      decide: ({ input, moving }) =>
        moving.rows.length === 0 ? [reason('agent.missing', input.agent)] : moving.reasons,
      effect: async (tx, _permit, { grant, input, moving }) => {
        await revoke(tx, moving.rows, grant.sub, input.why);
        for (const task of moving.tasks) await returnTask(tx, input.project, task.id);
        const released = moving.tasks.map(({ id, epoch }) => ({
          type: 'task.released' as const,
          subject: `task/${id}`,
          data: { epoch, why: `${input.agent} was terminated` },
        }));
        const ended = {
          type: 'agent.terminated' as const,
          subject: input.agent,
          data: { rows: moving.rows, why: input.why },
        };
        return {
          answer: { agent: input.agent, grants: moving.rows.length, tasks: moving.tasks.map(({ id }) => id) },
          events: [ended, ...released],
        };
      },
    }),
  });
}
