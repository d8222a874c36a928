import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { holdsBareGate } from '../../changes/slots/hold.ts';
import { allowed } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { adapterNames } from '../../plan/kinds.ts';
import { endCauses, fileProblems, type ProgressMeasure } from '../../runner/protocol.ts';
import { addOutput, outputPieces } from '../../runs/output.ts';
import { beatRun, lockRun, type RunRow, startRun } from '../../runs/rows.ts';
import { verdictBytesMax } from '../../runs/verdict-file.ts';
import type { MachineLimits } from '../../sandbox/machine-limits.ts';
import { containmentKinds } from '../../sandbox/sandbox.ts';
import { event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { changes } from '../../tasks/schema.ts';
import { claimsFromWire, type WireClaims } from '../../tiers/wire.ts';
import { project } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { lifeSecondsOf } from '../auth/draft.ts';
import { seconds } from '../auth/minting.ts';
import { spendBudget } from '../auth/spending.ts';
import type { Gateway } from '../services.ts';
import { contextProcedure } from './context.ts';
import { endContext } from './end-context.ts';
import { endRun } from './end-run.ts';
import { count, decideHeld, mine, runnerName } from './held-run.ts';
import { machineLimitsOf, measureOf } from './measure.ts';
import { draftRunToken, grantEnd, isRevoked } from './run-token.ts';
import { freeRuns, takeLasting } from './take-lasting.ts';

const usage = z.strictObject({ tokens: count, usdMicro: count, turns: count });
const output = z.array(z.string().max(outputPieces.bytesMax)).max(8).default([]);

/** A run as its runner gets it, with a token that no other principal has. */
export interface TakenRun {
  readonly run: Omit<RunRow, 'launch'>;
  readonly profile: RunRow['launch']['profile'];
  readonly expires: number;
  /** The measure of the run's progress; absent from a gateway of an earlier version. */
  readonly progress?: ProgressMeasure;
  /** Limits on the run's share of the machine; absent from a gateway of an earlier version. */
  readonly limits?: MachineLimits;
  /** The task of the change that it is to judge, and the lease under which that was made. */
  readonly judges?: { readonly task: string; readonly epoch: number };
  readonly draft?: WireClaims;
  readonly token?: string;
}

/** Procedures of runners: take, start, renew, end. */
export function runnerProcedures(gateway: Gateway) {
  return {
    take: takeProcedure(gateway),
    start: mutation(gateway, {
      action: 'run:report',
      description: 'Reports that the process of a run is alive, with its sandbox and lease.',
      input: z.strictObject({
        ...mine,
        sandbox: z.enum(containmentKinds),
        epoch: z.number().int().min(1).nullable(),
      }),
      facts: (tx, { input }) => lockRun(tx, input.project, input.run),
      decide: decideHeld,
      effect: async (tx, { decided: row }, { input }) => {
        await startRun(tx, input.project, input.run, input);
        const data = {
          agent: row.agent,
          task: row.task,
          runner: input.runner,
          sandbox: input.sandbox,
          epoch: input.epoch,
        };
        return {
          answer: { run: input.run },
          events: [event('run.started', `run/${input.run}`, data)],
        };
      },
    }),
    renew: renewProcedure(gateway),
    context: contextProcedure(gateway),
    end: endProcedure(gateway),
  };
}

function takeProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'run:take',
    description:
      'Hands the longest waiting run that a runner can start to it, with a token for the agent; null when there is none.',
    input: z.strictObject({
      project,
      runner: runnerName,
      adapters: z.array(z.enum(adapterNames)).min(1).max(3),
    }),
    facts: async (tx, { input, grant, entered }) => {
      const { planHash } = await entered;
      // Whoever contains nothing starts no agent beside a gate.
      if (await holdsBareGate(tx, grant.grantId)) return [];
      return freeRuns(tx, input.project, input.adapters, planHash);
    },
    decide: ({ facts }) => allowed(facts),
    effect: async (tx, { decided: free }, { grant, input, entered }) => {
      const context = await endContext(tx, gateway.tokens, input.project, entered);
      const runner = { name: input.runner, grantId: grant.grantId };
      const { row, end, events } = await takeLasting(tx, input.project, free, runner, context);
      if (row === undefined) return { answer: { taken: null as TakenRun | null }, events };
      const draft = await draftRunToken(tx, row, entered.now, end);
      const { launch, ...bare } = row;
      const plan = await planAt(tx, input.project, entered.planHash);
      const bounds = { progress: measureOf(plan, row.task), limits: machineLimitsOf(plan) };
      const judges = await judgedBy(tx, row);
      const given = { ...bounds, ...defined({ judges }) };
      const taken: TakenRun = { run: bare, profile: launch.profile, expires: draft.exp, ...given, draft };
      const data = { agent: row.agent, task: row.task, runner: input.runner };
      return {
        answer: { taken },
        events: [...events, event('run.taken', `run/${row.id}`, data)],
      };
    },
    after: async (answer) => ({
      taken: answer.taken === null ? null : await withToken(gateway.tokens, answer.taken),
    }),
  });
}

async function judgedBy(tx: Tx, { project: projectName, change }: RunRow) {
  if (change === null) return undefined;
  const [row] = await tx.orm
    .select({ task: changes.task, epoch: changes.epoch })
    .from(changes)
    .where(and(eq(changes.project, projectName), eq(changes.id, change)));
  return row;
}

async function withToken<T extends { readonly draft?: WireClaims; readonly token?: string }>(
  tokens: Gateway['tokens'],
  answer: T,
): Promise<T> {
  const { draft, ...rest } = answer;
  return (draft === undefined ? rest : { ...rest, token: await tokens.sign(claimsFromWire(draft)) }) as T;
}

/** The answer to a heartbeat. */
export interface Beat {
  readonly leaseUntil: Date;
  /** Set when a principal wants the run to end. */
  readonly stop: { readonly by: string; readonly why: string } | null;
  /** Tasks that the run holds. */
  readonly held: readonly { id: string; epoch: number }[];
  /** Members of the grant's budget that are used up. */
  readonly spent: readonly string[];
  readonly expires: number | null;
  readonly draft?: WireClaims;
  readonly token?: string;
}

/** Issue the next token at half-life, unless the grant ends with the present one. */
const isDue = (row: RunRow, expires: number, now: Date, end: Date): boolean =>
  expires < seconds(end) && expires - seconds(now) < lifeSecondsOf(row.tier) / 2;

function renewProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'run:report',
    description:
      'Keeps a run and the leases of its tasks alive, and takes its output and usage; the answer says if the run shall end.',
    input: z.strictObject({
      ...mine,
      usage,
      progressed: z.boolean().default(false),
      output,
      expires: z.number().int().describe('When the token that the runner has ends, in seconds'),
    }),
    facts: (tx, { input }) => lockRun(tx, input.project, input.run),
    decide: decideHeld,
    effect: async (tx, { decided: row }, { input, entered }) => {
      const spent = await spendBudget(tx, row.gid, spentSince(row.usage, input.usage));
      const { leaseUntil, held: tasks } = await beatRun(tx, row, input, entered.now);
      for (const piece of input.output) await addOutput(tx, row.id, piece);
      const stop = await stopOf(tx, row, entered.epoch);
      const end = await grantEnd(tx, row.gid);
      const isLive = stop === null && isDue(row, input.expires, entered.now, end);
      const draft = isLive ? await draftRunToken(tx, row, entered.now, end) : undefined;
      const answer: Beat = {
        leaseUntil,
        stop,
        held: tasks,
        spent,
        expires: draft?.exp ?? null,
        ...defined({ draft }),
      };
      return { answer, events: [] };
    },
    after: (answer) => withToken(gateway.tokens, answer),
  });
}

/** The wish that ends the run: a stop, a revocation of its grant, or a new epoch. */
async function stopOf(tx: Tx, row: RunRow, epoch: number | null): Promise<Beat['stop']> {
  if (row.stopWanted !== null) return { by: row.stopWanted, why: row.stopWhy ?? '' };
  const given = claimsFromWire(row.launch.claims).epoch;
  if (epoch !== null && given !== epoch) return { by: 'gateway', why: 'the epoch of the project was raised' };
  return (await isRevoked(tx, row.gid)) ? { by: 'gateway', why: 'its grant was revoked' } : null;
}

/** Usage since the last report; reports only grow. */
const spentSince = (before: RunRow['usage'], now: RunRow['usage']) => ({
  tokens: Math.max(0, now.tokens - before.tokens),
  usdMicro: Math.max(0, now.usdMicro - before.usdMicro),
});

function endProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'run:report',
    description:
      'Reports the end of a run’s process and its verdict; the gateway judges the outcome by evidence.',
    input: z.strictObject({
      ...mine,
      cause: z.enum(endCauses),
      exitCode: z.number().int().nullable(),
      signal: z.string().max(20).nullable(),
      usage,
      output,
      note: z.string().max(2000).optional(),
      verdict: z.union([
        z.strictObject({ text: z.string().max(verdictBytesMax) }),
        z.strictObject({ problem: z.enum(fileProblems) }),
      ]),
    }),
    // The end of a run may pull the cord.
    exclusive: true,
    facts: (tx, { input }) => lockRun(tx, input.project, input.run),
    decide: decideHeld,
    effect: async (tx, { decided: row }, { input, entered }) => {
      for (const piece of input.output) await addOutput(tx, row.id, piece);
      await spendBudget(tx, row.gid, spentSince(row.usage, input.usage));
      const context = await endContext(tx, gateway.tokens, input.project, entered);
      const { judged, events } = await endRun(tx, row, input, context);
      return { answer: { run: row.id, outcome: judged.outcome, note: judged.note }, events };
    },
  });
}
