import { z } from 'zod';
import { chooseGate } from '../../changes/slots/choose.ts';
import { finishGate } from '../../changes/slots/finish.ts';
import { decideHeldGate, lockGateRun } from '../../changes/slots/hold.ts';
import { addGateOutput } from '../../changes/slots/output.ts';
import { failSetup } from '../../changes/slots/setup-failed.ts';
import { dropStale } from '../../changes/slots/stale.ts';
import { beatGates, releaseGate, takeGate } from '../../changes/slots/take.ts';
import { forgetTaker, type GateTaker, noteTaker, runnerTaker } from '../../changes/slots/takers.ts';
import { readGateWork } from '../../changes/slots/work.ts';
import { Bell } from '../../lib/bell.ts';
import { allowUnless, type Reason, reason } from '../../lib/decision.ts';
import { limits } from '../../lib/limits.ts';
import { landingSettings } from '../../plan/landing-settings.ts';
import type { GateOrder } from '../../runner/gates/gate-order.ts';
import { runnerNamePattern } from '../../runs/runner-name.ts';
import { containmentKinds } from '../../sandbox/sandbox.ts';
import { type Session, statement } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import type { Grant } from '../../tiers/capability.ts';
import { authoriseRead } from '../admission/admit-query.ts';
import { commitId, project } from '../admission/inputs.ts';
import { answered, mutation, t } from '../admission/procedure.ts';
import { machineLimitsOf } from '../runs/measure.ts';
import type { Gateway } from '../services.ts';

const runner = z.string().regex(runnerNamePattern, 'the name of a runner');
const run = z.string().regex(/^gat_[0-9a-z]{26}$/, 'the whole id of a gate run');
const nonce = z.string().regex(/^[0-9a-f]{32}$/, 'the nonce of an order');
const held = z.strictObject({ run, nonce });
const piece = z.strictObject({ run, text: z.string().max(200_000), isFirst: z.boolean() });
const slots = z.number().int().min(0).max(1000).describe('Gates that the runner carries out at once');
const containment = z.enum(containmentKinds).describe('The way in which the runner contains commands');

const busy = statement(
  'slots.agents',
  `select count(*)::int as n from runs where runner_gid = $1 and state in ('taken', 'running')`,
);

/** Agents that run under a grant. */
async function agentsOf(session: Session, grantId: string): Promise<number> {
  const [row] = await session.rows<{ n: number }>(busy, [grantId]);
  return row?.n ?? 0;
}

/** Reasons against a runner that contains commands less than it has to. */
function containmentReasons(
  { containment: found }: { readonly containment: (typeof containmentKinds)[number] },
  { sandbox, agents }: { readonly sandbox: string; readonly agents: number },
): Reason[] {
  if (sandbox === 'required' && found !== 'bubblewrap')
    return [reason('gate.sandbox', 'gate', { found, limit: 'bubblewrap' })];
  return found === 'none' && agents > 0
    ? [reason('gate.contained', 'gate', { found: `${agents} agents`, limit: 0 })]
    : [];
}

const takerOf = (
  { workers }: Gateway,
  { grantId }: Grant,
  input: { readonly runner: string; readonly containment: GateTaker['containment'] },
): GateTaker => ({
  id: runnerTaker(grantId, input.runner),
  name: input.runner,
  grantId,
  containment: input.containment,
  leaseMs: workers.gateBounds.leaseMs,
});

/** Procedures of runners that carry out gates: take, give signs of life, report, give back. */
export function gateRunnerProcedures(gateway: Gateway) {
  return {
    take: takeProcedure(gateway),
    beat: beatProcedure(gateway),
    end: endProcedure(gateway),
    setupFailed: setupFailedProcedure(gateway),
    release: releaseProcedure(gateway),
    offers: offersProcedure(gateway),
  };
}

function takeProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'gate:take',
    description:
      'Hands the gate whose turn it is to a runner for one lease: candidate, command, limits and a nonce; null when none waits.',
    input: z.strictObject({ project, runner, slots, containment }),
    // One at a time in a project, as the slots of gateways are: no two get the same gate.
    exclusive: true,
    facts: async (tx, { input, grant, entered }) => {
      const plan = await planAt(tx, input.project, (await entered).planHash);
      const agents = await agentsOf(tx, grant.grantId);
      return { plan, agents, work: await readGateWork(tx, input.project, plan) };
    },
    decide: ({ input, grant, facts: { agents, work } }) =>
      allowUnless(
        containmentReasons(input, { ...gateway.workers.gateBounds, agents }),
        chooseGate(work.waiting, work.inUse, takerOf(gateway, grant, input).id),
      ),
    effect: async (tx, { decided: gate }, { grant, input, facts: { plan, work } }) => {
      const taker = takerOf(gateway, grant, input);
      await noteTaker(tx, { ...taker, project: input.project, slots: input.slots });
      const dropped = await dropStale(tx, input.project, work.stale);
      if (gate === undefined) return { answer: { taken: null as GateOrder | null }, events: dropped };
      const { sandbox } = gateway.workers.gateBounds;
      const bounds = { plan, limits: machineLimitsOf(plan), sandbox };
      const { order, events } = await takeGate(tx, input.project, gate, taker, bounds);
      return { answer: { taken: order as GateOrder | null }, events: [...dropped, ...events] };
    },
  });
}

function beatProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'gate:report',
    description:
      'Keeps the gates of a runner for a lease more, and takes output of those that somebody follows; the answer names those that it still holds.',
    input: z.strictObject({
      ...{ project, runner, slots, containment },
      held: z.array(held).max(1000),
      output: z.array(piece).max(100).default([]),
    }),
    decide: ({ grant, input }) => allowUnless([], takerOf(gateway, grant, input)),
    effect: async (tx, { decided: taker }, { grant, input }) => {
      await noteTaker(tx, { ...taker, project: input.project, slots: input.slots });
      const kept = await beatGates(tx, grant.grantId, input.held);
      const followed = new Set(kept.flatMap((one) => (one.followed ? [one.run] : [])));
      await addGateOutput(
        tx,
        input.output.filter(({ run: of }) => followed.has(of)),
      );
      return { answer: { held: kept }, events: [] };
    },
  });
}

const result = {
  exitCode: z.number().int().nullable(),
  timedOut: z.boolean(),
  ms: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  output: z.string().max(limits.gateOutputBytesMax + 1000),
  containment,
};

function endProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'gate:report',
    description:
      'Reports how the command of a gate ended: once, by the grant and lease that took it, on the tree that it was taken for.',
    input: z.strictObject({ project, run, nonce, tree: commitId, ...result }),
    // The end of a gate may refuse a change, pull the cord, or void a pass.
    exclusive: true,
    facts: async (tx, { input, entered }) => ({
      row: await lockGateRun(tx, input.project, input.run),
      plan: await planAt(tx, input.project, (await entered).planHash),
    }),
    decide: ({ grant, input, facts, entered }) =>
      decideHeldGate(facts.row, { ...input, grantId: grant.grantId }, entered.now),
    effect: async (tx, { decided: row }, { input, facts: { plan } }) => {
      const { exitCode, timedOut, ms, output, containment: contained } = input;
      const passed = exitCode === 0 && !timedOut;
      const events = await finishGate(tx, {
        run: row,
        declared: plan?.gates[row.gate],
        result: { passed, exitCode, timedOut, ms, output, containment: contained },
        retry: landingSettings(plan).retry,
      });
      return { answer: { run: row.id, passed, voids: hasVoid(events) }, events };
    },
    after: async (answer, input) => {
      gateway.metrics.gateEnded(answer.passed, input.ms / 1000);
      // A landing on a pass that is void now has moved main already, or never will.
      if (answer.voids) await gateway.workers.settleLandings(input.project);
      gateway.workers.wake(input.project);
      return answer;
    },
  });
}

const hasVoid = (events: readonly { readonly type: string }[]): boolean =>
  events.some(({ type }) => type === 'gate.voided');

function setupFailedProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'gate:report',
    description:
      'Gives a gate back whose set-up failed on the machine of its runner: it waits for a while, and nobody is blamed.',
    input: z.strictObject({ project, run, nonce, why: z.string().min(1).max(4_000) }),
    // The third failure pulls the cord.
    exclusive: true,
    facts: (tx, { input }) => lockGateRun(tx, input.project, input.run),
    decide: ({ grant, input, facts: row, entered }) =>
      decideHeldGate(row, { ...input, grantId: grant.grantId }, entered.now),
    effect: async (tx, { decided: row }, { input }) => ({
      answer: { run: row.id },
      events: await failSetup(tx, row, input.why),
    }),
  });
}

function releaseProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'gate:report',
    description:
      'Gives gates back that a runner cannot carry out, for a fault of its machine or because it ends; they wait for another.',
    input: z.strictObject({
      project,
      runner,
      held: z.array(held).max(1000),
      ends: z.boolean().default(false),
    }),
    decide: () => allowUnless([]),
    effect: async (tx, _permit, { grant, input }) => {
      const kept = await beatGates(tx, grant.grantId, input.held);
      const ids = kept.map(({ run: id }) => id);
      for (const one of input.held) if (ids.includes(one.run)) await releaseGate(tx, one);
      if (input.ends) await forgetTaker(tx, runnerTaker(grant.grantId, input.runner));
      return { answer: { released: ids }, events: [] };
    },
    after: (answer, input) => {
      gateway.workers.wake(input.project);
      return answer;
    },
  });
}

function offersProcedure(gateway: Gateway) {
  return t.procedure
    .meta({
      action: 'gate:read',
      description: 'Rings whenever gates of a project may wait for a slot, so that a runner asks for one.',
    })
    .input(z.strictObject({ project }))
    .subscription(async function* ({ ctx, input, signal }) {
      const call = await answered(gateway, async () => ctx.call());
      const bell = new Bell();
      const silence = gateway.workers.hearGates(input.project, () => bell.ring());
      const stop = () => bell.ring();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        for (;;) {
          // The grant may end, or be revoked, while the stream is open.
          await answered(gateway, async () =>
            authoriseRead(gateway, call, { action: 'gate:read', project: input.project }),
          );
          await bell.heard();
          if (signal?.aborted === true) return;
          yield { project: input.project };
        }
      } finally {
        silence();
        signal?.removeEventListener('abort', stop);
      }
    });
}
