import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { requestJudge, settleGates } from '../../changes/gates.ts';
import { gateRuns } from '../../changes/schema.ts';
import { readGateRuns } from '../../changes/slots/shown.ts';
import { readTakers } from '../../changes/slots/takers.ts';
import { allowUnless, type Reason, reason } from '../../lib/decision.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import type { Grant } from '../../tiers/capability.ts';
import { id, name, project, textOrEmpty } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { findChange } from './find-change.ts';
import { followProcedure } from './gate-follow.ts';
import { rerunProcedure } from './gate-rerun.ts';
import { gateRunnerProcedures } from './gate-runners.ts';
import { decideJudgement, judgementInput, readJudgement } from './judging.ts';
import { passManual } from './manual-gates.ts';
import { thenWake } from './wake.ts';

/** Gates: commands that the gateway runs, and those that a person or validator passes by hand. */
export function gateRouter(gateway: Gateway) {
  return t.router({
    list: query(gateway, {
      action: 'gate:read',
      description: 'Lists the gates of a change with status and evidence.',
      input: z.strictObject({ project, change: id }),
      answer: async (input) => {
        const change = await findChange(gateway.store, input.project, input.change);
        return readGateRuns(gateway.store, change.id);
      },
    }),
    runners: query(gateway, {
      action: 'gate:read',
      description: 'Lists who carries out gates of the project: gateways and runners, with their slots.',
      input: z.strictObject({ project }),
      answer: (input) => readTakers(gateway.store, input.project),
    }),
    rerun: rerunProcedure(gateway),
    follow: followProcedure(gateway),
    ...gateRunnerProcedures(gateway),
    pass: mutation(gateway, {
      action: 'gate:pass',
      description: 'Passes a manual gate of a change, bound to the tree that was judged.',
      input: z.strictObject({ ...judgementInput, gate: name, note: textOrEmpty(10_000).default('') }),
      exclusive: true,
      facts: async (tx, { input, grant, entered }) => {
        const judgement = await readJudgement(tx, input, grant, gateway.shownTrees);
        const plan = await planAt(tx, input.project, (await entered).planHash);
        const [run] = await tx.orm
          .select()
          .from(gateRuns)
          .where(
            and(
              eq(gateRuns.change, input.change),
              eq(gateRuns.gate, input.gate),
              eq(gateRuns.tree, judgement.change?.tree ?? ''),
            ),
          );
        return { ...judgement, declared: plan?.gates[input.gate], run };
      },
      decide: (found) =>
        decideJudgement(found, (change) =>
          allowUnless(manualReasons(found.facts, found.input.gate, found.grant), change),
        ),
      effect: async (tx, { decided: change }, { grant, input, facts: { declared } }) => {
        const passed = await passManual(tx, change, { ...input, grant });
        const settled = await settleGates(tx, change);
        const isJudges = declared !== undefined && 'by' in declared && declared.by === 'validator';
        const requests = isJudges ? [] : await requestJudge(tx, change);
        return {
          answer: { change: change.id, gate: input.gate, status: 'passed' as const },
          events: [passed, ...settled, ...requests],
        };
      },
      after: thenWake(gateway),
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
    return [
      reason('gate.manual', gate, {
        found: 'a command',
        next: 'wait: the gateway runs the command of this gate by itself',
      }),
    ];
  if (run.status !== 'waiting') return [reason('change.state', `gate/${gate}`, { found: run.status })];
  const { tier } = grant.cap;
  const mayPass = tier === 'human' || tier === declared.by;
  return mayPass ? [] : [reason('gate.manual', gate, { found: tier, limit: declared.by })];
}
