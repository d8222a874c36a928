import { z } from 'zod';
import { gateDefinition } from '../../changes/gates.ts';
import { askRepetition, type GatePass, readPass, repeatedEvent } from '../../changes/slots/repeat.ts';
import { gatewayTaker, readTakers, runnerTaker, type ShownTaker } from '../../changes/slots/takers.ts';
import { allowUnless, type Decision, denied, type Reason, reason } from '../../lib/decision.ts';
import type { PlanGate } from '../../plan/plan.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { lockChange } from '../../tasks/rows.ts';
import { id, name, project } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

interface RerunFacts {
  readonly isKnown: boolean;
  readonly pass: GatePass | undefined;
  readonly declared: PlanGate | undefined;
  readonly takers: readonly ShownTaker[];
}

/** A pass, and the taker that is to repeat it. */
interface DecidedRerun {
  readonly pass: GatePass;
  readonly wantedBy: string;
}

const idOf = ({ grant, name: taker }: Pick<ShownTaker, 'grant' | 'name'>): string =>
  grant === null ? gatewayTaker : runnerTaker(grant, taker);

interface AskedRerun {
  readonly change: string;
  readonly gate: string;
  readonly on: string;
}

/** Reasons against the taker: it has to be there, and not to be the one whose pass is in doubt. */
function takerReasons({ takers, pass }: RerunFacts, { on }: AskedRerun): Reason[] {
  const taker = takers.find(({ name: one }) => one === on);
  if (taker === undefined) {
    const limit = takers.map(({ name: one }) => one).join(', ') || 'nobody';
    return [reason('gate.runner', on, { found: 'not there', limit })];
  }
  return pass !== undefined && idOf(taker) === passedBy(pass)
    ? [reason('gate.runner', on, { found: 'the one that passed it', limit: 'another' })]
    : [];
}

const passedBy = ({ runnerGrant, runner }: GatePass): string =>
  runnerGrant === null ? gatewayTaker : runnerTaker(runnerGrant, runner ?? '');

/** A gate is repeated that has passed, as the plan declares it now. */
function decideRerun(facts: RerunFacts, asked: AskedRerun): Decision<DecidedRerun> {
  const { isKnown, pass, declared, takers } = facts;
  if (!isKnown) return denied(reason('change.missing', asked.change));
  const against = takerReasons(facts, asked);
  if (pass === undefined || declared === undefined || gateDefinition(declared) !== pass.definition)
    return denied(reason('gate.unpassed', `gate/${asked.gate}`, { found: 'no such pass' }), ...against);
  const wantedBy = takers.flatMap((taker) => (taker.name === asked.on ? [idOf(taker)] : []))[0] ?? '';
  return allowUnless(against, { pass, wantedBy });
}

/** The procedure `gate.rerun`: repeats a gate that passed, on another runner. */
export const rerunProcedure = (gateway: Gateway) =>
  mutation(gateway, {
    action: 'gate:rerun',
    description:
      'Repeats a gate that has passed with a change on another runner; when that fails often enough, the pass counts no more.',
    input: z.strictObject({ project, change: id, gate: name, on: name.describe('A runner, or `gateway`') }),
    exclusive: true,
    facts: async (tx, { input, entered }): Promise<RerunFacts> => {
      const plan = await planAt(tx, input.project, (await entered).planHash);
      const declared =
        plan !== undefined && Object.hasOwn(plan.gates, input.gate) ? plan.gates[input.gate] : undefined;
      return {
        isKnown: (await lockChange(tx, input.project, input.change)) !== undefined,
        pass: await readPass(tx, input.project, input.change, input.gate),
        declared,
        takers: await readTakers(tx, input.project),
      };
    },
    decide: ({ input, facts }) => decideRerun(facts, input),
    effect: async (tx, { decided: { pass, wantedBy } }, { input }) => {
      const run = await askRepetition(tx, input.project, { ...pass, passed: pass.id }, wantedBy);
      const { gate, tree } = pass;
      const said = repeatedEvent(input.project, { id: run, gate, tree, passed: pass.id, on: input.on });
      return { answer: { run, repeats: pass.id, gate, on: input.on }, events: [said] };
    },
    after: (answer, input) => {
      gateway.workers.wake(input.project);
      return answer;
    },
  });
