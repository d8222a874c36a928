import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { approve } from '../../changes/approval.ts';
import { passAll, refuseChange } from '../../changes/gates.ts';
import { allowed, type Decision, denied, reason } from '../../lib/decision.ts';
import { newId } from '../../process/new-id.ts';
import { type EmittedEvent, event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import { verdicts } from '../../tasks/schema.ts';
import { type ChangeBefore, changeMay, changeMoves } from '../../tasks/states.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Entering } from '../admission/definitions.ts';
import { id, name, project, text, textOrEmpty } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { ShownTrees } from '../repositories/shown-trees.ts';
import type { Gateway } from '../services.ts';
import { findChange } from './find-change.ts';
import { decideJudgement, judgementInput, readJudgement } from './judging.ts';
import { type Approvable, decideApproval, passManual, readOpenGates, unknownGates } from './manual-gates.ts';
import { thenWake } from './wake.ts';

/** Verdicts bind the tree that was judged. */
export function verdictRouter(gateway: Gateway) {
  return t.router({
    approve: approveProcedure(gateway),
    reject: rejectProcedure(gateway),
    list: query(gateway, {
      action: 'change:read',
      description: 'Lists the verdicts on a change.',
      input: z.strictObject({ project, change: id }),
      answer: async (input) => {
        const change = await findChange(gateway.store, input.project, input.change);
        return gateway.store.orm.select().from(verdicts).where(eq(verdicts.change, change.id));
      },
    }),
  });
}

/** The change in a state in which it can be rejected, or why it is in none. */
function rejectable(change: ChangeRow): Decision<ChangeRow & { readonly state: ChangeBefore<'reject'> }> {
  if (changeMay(change, 'reject')) return allowed(change);
  const limit = changeMoves.reject.from.join(' or ');
  return denied(reason('change.state', change.id, { found: change.state, limit }));
}

async function approvalFacts(
  tx: Tx,
  {
    input,
    grant,
    entered,
  }: Entering<
    { readonly project: string; readonly change: string; readonly gates: readonly string[] },
    unknown
  >,
  shownTrees: ShownTrees,
) {
  const judgement = await readJudgement(tx, input, grant, shownTrees);
  const plan = await planAt(tx, input.project, (await entered).planHash);
  const { change } = judgement;
  const open = change?.state === 'gating' ? await readOpenGates(tx, change, plan?.gates ?? {}) : [];
  const unknown = change === undefined ? [] : await unknownGates(tx, change, input.gates);
  return { ...judgement, open, unknown };
}

/** Passes what the decision found left, and moves the change to where it is judged. Gate and verdict are two facts of the log. */
async function passByTheWay(
  tx: Tx,
  { passing, change }: Approvable,
  by: { readonly note: string; readonly ownWork: boolean; readonly grant: Grant },
): Promise<{ change: ChangeRow & { readonly state: ChangeBefore<'approve'> }; events: EmittedEvent[] }> {
  if (passing === null) return { change, events: [] };
  const events: EmittedEvent[] = [];
  for (const gate of passing) events.push(await passManual(tx, change, { ...by, gate }));
  const { change: judged, passed } = passAll(tx, change);
  return { change: judged, events: [...events, passed] };
}

function approveProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'verdict:approve',
    description:
      'Approves a change whose gates have passed; the gateway then lands it. Passes by the way the one manual gate that is left, if it is one of the approver’s tier.',
    input: z.strictObject({
      ...judgementInput,
      note: textOrEmpty(10_000).default(''),
      gates: z
        .array(name)
        .max(32)
        .default([])
        .describe('Manual gates to pass by the way, where several are left'),
    }),
    exclusive: true,
    facts: (tx, entering) => approvalFacts(tx, entering, gateway.shownTrees),
    decide: (found) =>
      decideJudgement(found, (change) => {
        const { open, unknown } = found.facts;
        return decideApproval(change, open, { named: found.input.gates, unknown, grant: found.grant });
      }),
    effect: async (tx, { decided }, { grant, input, entered }) => {
      const { change, events: passed } = await passByTheWay(tx, decided, { ...input, grant });
      const verdict = await writeVerdict(tx, {
        grant,
        change,
        approve: true,
        reasons: input.note === '' ? [] : [input.note],
        ownWork: input.ownWork,
        at: entered.now,
      });
      const events = await approve(tx, change);
      return {
        answer: { change: change.id, verdict: 'approve' as const, gates: decided.passing ?? [] },
        events: [...passed, verdict, ...events],
      };
    },
    after: thenWake(gateway),
  });
}

function rejectProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'verdict:reject',
    description: 'Rejects a change with reasons; its task is ready again, its former holder preferred.',
    input: z.strictObject({ ...judgementInput, reasons: z.array(text(4000)).min(1).max(50) }),
    exclusive: true,
    facts: (tx, { input, grant }) => readJudgement(tx, input, grant, gateway.shownTrees),
    decide: (found) => decideJudgement(found, rejectable, false),
    effect: async (tx, { decided: change }, { grant, input, entered }) => {
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
    gid: grant.grantId,
    lin: [...grant.lineage],
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
  return event('verdict.given', `change/${change.id}`, data);
}
