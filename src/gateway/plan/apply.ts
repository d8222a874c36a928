import { z } from 'zod';
import { allowUnless, type Decision, reason } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { humanOnly } from '../../plan/human-only.ts';
import type { Plan } from '../../plan/plan.ts';
import { settleStranded } from '../../stops/stranded.ts';
import type { GuardLine } from '../../store/log/event-data/shared.ts';
import { type EmittedEvent, event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { readPlan, storedTasks, writePlan } from '../../tasks/plan-apply.ts';
import { isEmptyDiff, planHash } from '../../tasks/plan-diff.ts';
import { keptPlan, type PlanOrigin } from '../../tasks/plan-history.ts';
import { advanceReadiness } from '../../tasks/readiness.ts';
import { listTriggers, syncTriggers } from '../../triggers/rows.ts';
import type { Case, Entering, ProjectInput } from '../admission/definitions.ts';
import { project, text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { lockGrant } from '../auth/minting.ts';
import { triggerEndReasons } from '../runs/run-grant.ts';
import type { Gateway } from '../services.ts';
import { type Applied, type Compared, compared, shown, takenNames } from './comparison.ts';
import { named } from './history.ts';
import { soundPlan } from './sound-plan.ts';

/** The text of a plan, bounded as andon.yaml is. */
export const planText = text(1024 * 1024);
const why = text(2000).describe('The reason, which is kept with the plan');

/** A plan to apply, read before the transaction. */
interface GivenPlan {
  readonly given: Plan;
  readonly text: string;
  readonly reverts?: number;
}

interface ApplyFacts extends Applied {
  /** The end of the caller's grant: the caller owns the plan's triggers from then on. */
  readonly end: Date | undefined;
}

/** The plan to apply; `unchanged` when it is applied already. */
interface DecidedApply extends Compared {
  readonly unchanged: boolean;
}

type ApplyInput = ProjectInput & { readonly reason?: string | undefined };

function decideApply(
  triggers: Gateway['triggers'],
  { grant, prepared, facts, entered }: Case<unknown, GivenPlan, ApplyFacts>,
): Decision<DecidedApply> {
  const change = compared(prepared.given, facts);
  const times = { end: facts.end, now: entered.now };
  const forPeople = grant.cap.tier === 'human' ? [] : humanOnly(facts.before, change.plan);
  const reasons = [
    ...change.diff.reasons,
    ...takenNames(change.triggers),
    ...change.triggers.put.flatMap(([name, trigger]) => [
      ...triggers.faults(name, trigger),
      ...triggerEndReasons(name, trigger, change.plan, times),
    ]),
    ...forPeople.map((member) =>
      reason('grant.tier', `plan/${member}`, { found: grant.cap.tier, limit: 'human' }),
    ),
  ];
  const unchanged = isEmptyDiff(change.diff) && entered.planHash === planHash(change.plan);
  return allowUnless(reasons, { ...change, unchanged });
}

const factsOf = async (tx: Tx, { input, grant }: Entering<ApplyInput, GivenPlan>): Promise<ApplyFacts> => ({
  end: (await lockGrant(tx, grant.grantId))?.expiresAt,
  stored: await storedTasks(tx, input.project),
  before: await readPlan(tx, input.project),
  rows: await listTriggers(tx, input.project),
});

const loggedMax = 100;

/** The guards that an event carries: the first ones, which weaken most, and the number of the others. */
const loggedGuards = (guards: readonly GuardLine[]) => ({
  guards: guards.slice(0, loggedMax),
  ...(guards.length > loggedMax && { guardsLeft: guards.length - loggedMax }),
});

function originOf(
  { plan }: Compared,
  { grant, input, prepared }: Case<ApplyInput, GivenPlan, ApplyFacts>,
): PlanOrigin {
  const { given, text, reverts } = prepared;
  const added = Object.entries(plan.tasks).filter(([id]) => !Object.hasOwn(given.tasks, id));
  return { by: grant.sub, text, added: Object.fromEntries(added), reason: input.reason, reverts };
}

async function carryOut(tx: Tx, decided: DecidedApply, found: Case<ApplyInput, GivenPlan, ApplyFacts>) {
  const { diff, triggers, plan, unchanged, guards } = decided;
  const { grant, input, facts, entered, prepared } = found;
  const answer = { applied: !unchanged, ...shown(decided) };
  if (unchanged) return { answer, events: [] as EmittedEvent[] };
  const revision = await writePlan(tx, input.project, { plan, diff, origin: originOf(decided, found) });
  const owner = { owner: grant.sub, grantId: grant.grantId, epoch: grant.epoch };
  await syncTriggers(tx, input.project, triggers, { by: owner, now: entered.now, rows: facts.rows });
  const events = await advanceReadiness(tx, input.project);
  const settled = await settleStranded(tx, input.project);
  const data = {
    hash: planHash(plan),
    revision,
    ...defined({ reason: input.reason, reverts: prepared.reverts }),
    ...loggedGuards(guards),
    added: diff.added.length,
    addedTasks: diff.added.slice(0, loggedMax).map(({ id }) => id),
    changed: diff.changed.length,
    removed: diff.removed,
    triggers: answer.triggers,
  };
  return {
    answer,
    events: [event('plan.applied', `plan/${input.project}`, data), ...events, ...settled.events],
  };
}

interface Applying<Input extends ApplyInput> {
  readonly description: string;
  readonly input: z.ZodType<Input, Input>;
  readonly plan: (input: Input) => Promise<GivenPlan> | GivenPlan;
}

/** A procedure that applies a plan: every one by the same rules, wherever its text comes from. */
function applying<Input extends ApplyInput>(gateway: Gateway, { description, input, plan }: Applying<Input>) {
  return mutation(gateway, {
    action: 'plan:apply',
    description,
    input,
    exclusive: true,
    prepare: plan,
    facts: factsOf,
    decide: (found) => decideApply(gateway.triggers, found),
    effect: (tx, { decided }, found) => carryOut(tx, decided, found),
    after: (answer) => {
      // The database gathers statistics afterwards, where that cannot delay the answer.
      if (answer.applied) gateway.workers.planned(answer.added.length + answer.changed.length);
      return answer;
    },
  });
}

/** Applies a text. */
export const putProcedure = (gateway: Gateway) =>
  applying(gateway, {
    description: 'Applies a plan. Applying the same plan again changes nothing.',
    input: z.strictObject({ project, text: planText, reason: why.optional() }),
    plan: (input) => ({ given: soundPlan(input.text, input.project), text: input.text }),
  });

/** Applies the text of an earlier plan. */
export const revertProcedure = (gateway: Gateway) =>
  applying(gateway, {
    description:
      'Applies the text of an earlier plan again, by the rules of plan.put; unfinished tasks that triggers added stay.',
    input: z.strictObject({
      project,
      to: named.describe('The revision to apply again: its number, or the beginning of its hash'),
      reason: why,
    }),
    plan: async (input) => {
      const { text, revision } = await keptPlan(gateway.store, input.project, input.to);
      return { given: soundPlan(text, input.project), text, reverts: revision };
    },
  });
