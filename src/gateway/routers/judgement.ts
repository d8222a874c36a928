import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { type Reason, reason } from '../../lib/decision.ts';
import { approve } from '../../line/approval.ts';
import { lineEvent, refuseChange, settleGates } from '../../line/gating.ts';
import { type KnownParty, readMakers, readParties, readTriggerOwners } from '../../line/party.ts';
import { dutyPolicy } from '../../policies/duty.ts';
import { newId } from '../../store/ids.ts';
import { statement, type Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { type ChangeRow, lockChange } from '../../tasks/rows.ts';
import { gateRuns, verdicts } from '../../tasks/schema.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, query, t } from '../door/procedure.ts';
import { findChange } from './change.ts';
import { id, name, project, text, textOrEmpty } from './inputs.ts';

interface JudgementFacts {
  readonly change: ChangeRow | undefined;
  readonly judge: KnownParty | undefined;
  readonly makers: readonly KnownParty[];
  readonly triggerOwners: readonly string[];
}

/** The change under judgement, who judges and who made it. */
async function judgementFacts(
  tx: Tx,
  input: { project: string; change: string },
  grant: Grant,
): Promise<JudgementFacts> {
  const change = await lockChange(tx, input.project, input.change);
  if (change === undefined) return { change, judge: undefined, makers: [], triggerOwners: [] };
  const found = await readMakers(tx, change.project, change.task, change.id);
  const makers = [...new Set([change.gid, ...found])];
  const parties = await readParties(tx, [grant.gid, ...makers]);
  return {
    change,
    judge: parties.get(grant.gid),
    makers: makers.flatMap((gid) => parties.get(gid) ?? []),
    triggerOwners: await readTriggerOwners(tx, makers),
  };
}

function dutyReasons(
  { judge, makers, triggerOwners }: JudgementFacts,
  grant: Grant,
  ownWork: boolean,
): Reason[] {
  if (judge === undefined) return [reason('duty.separated', grant.sub, { found: 'a grant without a row' })];
  return dutyPolicy({ judge, makers, triggerOwners, ownWork });
}

/** Why this is not the change, or not the tree of it, that the caller may judge. */
function treeReasons(change: ChangeRow | undefined, wanted: string, tree: string, grant: Grant): Reason[] {
  if (change === undefined) return [reason('change.missing', wanted)];
  const { task } = grant.cap;
  if (task !== undefined && task !== change.task)
    return [reason('grant.task', `change/${change.id}`, { found: change.task, limit: task })];
  if (change.tree !== tree) return [reason('change.moved', change.id, { found: tree, limit: change.tree })];
  return [];
}

const verdictInput = {
  project,
  change: id,
  tree: text(5000),
  ownWork: z.boolean().default(false).describe('A lone human judges work of their own; recorded'),
};

/** Verdicts bind the tree that was judged. */
export function verdictRouter(gateway: Gateway) {
  return t.router({
    approve: approveProcedure(gateway),
    reject: rejectProcedure(gateway),
    list: query(gateway, {
      action: 'change:read',
      description: 'Lists the verdicts on a change.',
      input: z.strictObject({ project, change: id }),
      answer: async ({ store }, input) => {
        const change = await findChange(gateway, input.project, input.change);
        return store.orm.select().from(verdicts).where(eq(verdicts.change, change.id));
      },
    }),
  });
}

function approveProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'verdict:approve',
    description: 'Approves a change whose gates have passed; the gateway then lands it.',
    input: z.strictObject({ ...verdictInput, note: textOrEmpty(10_000).default('') }),
    exclusive: true,
    fixed: async () => undefined,
    moving: (tx, { input, grant }) => judgementFacts(tx, input, grant),
    decide: ({ grant, input, moving }) => [
      ...treeReasons(moving.change, input.change, input.tree, grant),
      ...(moving.change !== undefined && moving.change.state !== 'judging'
        ? [reason('change.state', input.change, { found: moving.change.state, limit: 'judging' })]
        : []),
      ...dutyReasons(moving, grant, input.ownWork),
    ],
    effect: async (tx, _permit, { grant, input, moving, entered }) => {
      const change = sure(moving.change);
      const verdict = await writeVerdict(tx, {
        grant,
        change,
        approve: true,
        reasons: input.note === '' ? [] : [input.note],
        ownWork: input.ownWork,
        at: entered.now,
      });
      const events = await approve(tx, change);
      return { answer: { change: change.id, verdict: 'approve' as const }, events: [verdict, ...events] };
    },
    after: (gate, answer, input) => {
      gate.line.wake(input.project);
      return answer;
    },
  });
}

function rejectProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'verdict:reject',
    description: 'Rejects a change with reasons; its task is ready again, its former holder preferred.',
    input: z.strictObject({ ...verdictInput, reasons: z.array(text(4000)).min(1).max(50) }),
    exclusive: true,
    fixed: async () => undefined,
    moving: (tx, { input, grant }) => judgementFacts(tx, input, grant),
    decide: ({ grant, input, moving }) => [
      ...treeReasons(moving.change, input.change, input.tree, grant),
      ...(moving.change !== undefined && moving.change.state !== 'judging' && moving.change.state !== 'gating'
        ? [reason('change.state', input.change, { found: moving.change.state, limit: 'gating or judging' })]
        : []),
      ...dutyReasons(moving, grant, input.ownWork),
    ],
    effect: async (tx, _permit, { grant, input, moving, entered }) => {
      const change = sure(moving.change);
      const verdict = await writeVerdict(tx, {
        grant,
        change,
        approve: false,
        reasons: input.reasons,
        ownWork: input.ownWork,
        at: entered.now,
      });
      const events = await refuseChange(tx, change, 'reject', input.reasons.join('; '));
      return { answer: { change: change.id, verdict: 'reject' as const }, events: [verdict, ...events] };
    },
  });
}

interface GivenVerdict {
  readonly grant: Grant;
  readonly change: ChangeRow;
  readonly approve: boolean;
  readonly reasons: readonly string[];
  readonly ownWork: boolean;
  readonly at: Date;
}

async function writeVerdict(tx: Tx, given: GivenVerdict) {
  const { grant, change, ownWork } = given;
  const verdictId = newId('verdict');
  await tx.orm.insert(verdicts).values({
    id: verdictId,
    project: change.project,
    change: change.id,
    tree: change.tree,
    approve: given.approve,
    byAgent: grant.sub,
    gid: grant.gid,
    lin: [...grant.lin],
    tier: grant.cap.tier,
    ownWork,
    reasons: [...given.reasons],
    at: given.at,
  });
  const data = {
    verdict: verdictId,
    task: change.task,
    approve: given.approve,
    tree: change.tree,
    reasons: given.reasons,
    ownWork,
  };
  return { type: 'verdict.given' as const, subject: `change/${change.id}`, data };
}

function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the decision allowed what does not exist');
  return value;
}

const passGate = statement(
  'gates.pass',
  `update gate_runs set status = 'passed', passed_by = $3, passed_gid = $4, output = $5, ended_at = andon_now()
   where change = $1 and gate = $2 and tree = $6 and manual and status = 'waiting' returning id`,
);

/** Gates: commands that the gateway runs, and those that a person or validator passes by hand. */
export function gateRouter(gateway: Gateway) {
  return t.router({
    list: query(gateway, {
      action: 'gate:read',
      description: 'Lists the gates of a change with status and evidence.',
      input: z.strictObject({ project, change: id }),
      answer: async ({ store }, input) => {
        const change = await findChange(gateway, input.project, input.change);
        return store.orm.select().from(gateRuns).where(eq(gateRuns.change, change.id));
      },
    }),
    pass: mutation(gateway, {
      action: 'gate:pass',
      description: 'Passes a manual gate of a change, bound to the tree that was looked at.',
      input: z.strictObject({ ...verdictInput, gate: name, note: textOrEmpty(10_000).default('') }),
      exclusive: true,
      fixed: async () => undefined,
      moving: async (tx, { input, grant, entered }) => {
        const facts = await judgementFacts(tx, input, grant);
        const plan = await planAt(tx, input.project, (await entered).planHash);
        const [run] = await tx.orm
          .select()
          .from(gateRuns)
          .where(
            and(
              eq(gateRuns.change, input.change),
              eq(gateRuns.gate, input.gate),
              eq(gateRuns.tree, input.tree),
            ),
          );
        return { ...facts, declared: plan?.gates[input.gate], run };
      },
      decide: ({ grant, input, moving }) => [
        ...treeReasons(moving.change, input.change, input.tree, grant),
        ...manualReasons(moving, input.gate, grant),
        ...dutyReasons(moving, grant, input.ownWork),
      ],
      effect: async (tx, _permit, { grant, input, moving }) => {
        const change = sure(moving.change);
        await tx.rows(passGate, [change.id, input.gate, grant.sub, grant.gid, input.note, change.tree]);
        const passed = lineEvent(change, 'gate.passed', {
          gate: input.gate,
          tree: change.tree,
          note: input.note,
          ownWork: input.ownWork,
        });
        const settled = await settleGates(tx, change);
        return {
          answer: { change: change.id, gate: input.gate, status: 'passed' as const },
          events: [{ ...passed, actor: grant.sub, gid: grant.gid }, ...settled],
        };
      },
      after: (gate, answer, input) => {
        gate.line.wake(input.project);
        return answer;
      },
    }),
  });
}

interface ManualFacts {
  readonly declared: { by: 'human' | 'validator' } | { run: string } | undefined;
  readonly run: { manual: boolean; status: string } | undefined;
}

function manualReasons({ declared, run }: ManualFacts, gate: string, grant: Grant): Reason[] {
  if (declared === undefined || run === undefined) return [reason('gate.missing', gate)];
  if (!('by' in declared))
    return [reason('gate.manual', gate, { found: 'a command', next: 'commands pass by themselves' })];
  if (run.status !== 'waiting') return [reason('change.state', `gate/${gate}`, { found: run.status })];
  const { tier } = grant.cap;
  const mayPass = tier === 'human' || tier === declared.by;
  return mayPass ? [] : [reason('gate.manual', gate, { found: tier, limit: declared.by })];
}
