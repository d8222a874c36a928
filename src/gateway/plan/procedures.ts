import { z } from 'zod';
import { allowUnless, type Decision, type Reason, reason } from '../../lib/decision.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import { checkPlan } from '../../plan/check.ts';
import { guardDiff } from '../../plan/guard-diff.ts';
import { humanOnly } from '../../plan/human-only.ts';
import { parsePlan } from '../../plan/parse.ts';
import type { Plan } from '../../plan/plan.ts';
import { settleStranded } from '../../stops/stranded.ts';
import type { GuardLine } from '../../store/log/event-data/shared.ts';
import { type EmittedEvent, event } from '../../store/log/events.ts';
import { readPlan, storedTasks, writePlan } from '../../tasks/plan-apply.ts';
import {
  diffPlan,
  isEmptyDiff,
  type PlanDiff,
  planHash,
  type StoredTask,
  withMadeTasks,
} from '../../tasks/plan-diff.ts';
import { advanceReadiness } from '../../tasks/readiness.ts';
import { readProject } from '../../tasks/rows.ts';
import {
  diffTriggers,
  listTriggers,
  syncTriggers,
  type TriggerDiff,
  type TriggerRow,
} from '../../triggers/rows.ts';
import type { Case } from '../admission/definitions.ts';
import { project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import { lockGrant } from '../auth/minting.ts';
import { triggerEndReasons } from '../runs/run-grant.ts';
import type { Gateway } from '../services.ts';

const planText = text(1024 * 1024);

/** Parses and checks a plan for `project`; reports every fault at once. */
function soundPlan(source: string, projectName: string): Plan {
  const plan = parsePlan(source);
  const [first, ...rest] = checkPlan(plan);
  if (first !== undefined) throw new AndonError([first, ...rest]);
  if (plan.project !== projectName)
    throw fail('plan.reference', 'project', { found: plan.project, limit: projectName });
  return plan;
}

/** A difference in the form of an answer. */
const shown = ({ guards, diff, triggers }: Omit<Compared, 'plan'>) => ({
  guards,
  added: diff.added.map(({ id }) => id),
  changed: diff.changed.map(({ after, members }) => ({ task: after.id, members })),
  removed: diff.removed,
  phases: diff.phases,
  hasOtherPhases: diff.hasOtherPhases,
  triggers: { put: triggers.put.map(([name]) => name), removed: triggers.removed },
  reasons: [...diff.reasons, ...takenNames(triggers)],
});

const loggedMax = 100;

/** The guards that an event carries: the first ones, which weaken most, and the number of the others. */
const loggedGuards = (guards: readonly GuardLine[]) => ({
  guards: guards.slice(0, loggedMax),
  ...(guards.length > loggedMax && { guardsLeft: guards.length - loggedMax }),
});

const takenNames = ({ taken }: TriggerDiff): Reason[] =>
  taken.map((name) => reason('trigger.exists', `trigger/${name}`, { found: 'created by a call' }));

interface PlanFacts {
  /** The end of the caller's grant: the caller owns the plan's triggers from then on. */
  readonly end: Date | undefined;
  readonly stored: StoredTask[];
  readonly before: Plan | undefined;
  readonly rows: TriggerRow[];
}

/** The result of applying a plan. */
interface Compared {
  /** Tasks that triggers added to the plan before are included. */
  readonly plan: Plan;
  readonly guards: readonly GuardLine[];
  readonly diff: PlanDiff;
  readonly triggers: TriggerDiff;
}

function compared(given: Plan, { stored, before, rows }: Omit<PlanFacts, 'end'>): Compared {
  const plan = withMadeTasks(given, before, stored);
  return {
    plan,
    guards: guardDiff(before, plan),
    diff: diffPlan(plan, stored, before),
    triggers: diffTriggers(plan.triggers, rows),
  };
}

/** The plan: tasks, their order, and their limits. */
export function planRouter(gateway: Gateway) {
  return t.router({
    show: query(gateway, {
      action: 'plan:read',
      description: 'Shows the applied plan of a project.',
      input: z.strictObject({ project }),
      answer: async (input) => {
        const row = await readProject(gateway.store, input.project);
        return { revision: row?.planRevision ?? 0, hash: row?.planHash ?? null, plan: row?.plan ?? null };
      },
    }),
    diff: query(gateway, {
      action: 'plan:read',
      description: 'Shows the changes that applying a plan would make, and the reasons against it.',
      input: z.strictObject({ project, text: planText }),
      answer: async (input) => {
        const { store } = gateway;
        const given = soundPlan(input.text, input.project);
        return shown(
          compared(given, {
            stored: await storedTasks(store, input.project),
            before: await readPlan(store, input.project),
            rows: await listTriggers(store, input.project),
          }),
        );
      },
    }),
    // tRPC reserves the name apply.
    put: putProcedure(gateway),
  });
}

/** The plan to apply; `unchanged` when it is applied already. */
interface DecidedApply extends Compared {
  readonly unchanged: boolean;
}

function decideApply(
  triggers: Gateway['triggers'],
  { grant, prepared, facts, entered }: Case<unknown, Plan, PlanFacts>,
): Decision<DecidedApply> {
  const change = compared(prepared, facts);
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

function putProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'plan:apply',
    description: 'Applies a plan. Applying the same plan again changes nothing.',
    input: z.strictObject({ project, text: planText }),
    exclusive: true,
    prepare: (input) => soundPlan(input.text, input.project),
    facts: async (tx, { input, grant }): Promise<PlanFacts> => ({
      end: (await lockGrant(tx, grant.grantId))?.expiresAt,
      stored: await storedTasks(tx, input.project),
      before: await readPlan(tx, input.project),
      rows: await listTriggers(tx, input.project),
    }),
    decide: (found) => decideApply(gateway.triggers, found),
    effect: async (tx, { decided }, { grant, input, facts, entered }) => {
      const { diff, triggers, plan, unchanged } = decided;
      const answer = { applied: !unchanged, ...shown(decided) };
      if (unchanged) return { answer, events: [] as EmittedEvent[] };
      await writePlan(tx, input.project, plan, diff);
      const owner = { owner: grant.sub, grantId: grant.grantId, epoch: grant.epoch };
      await syncTriggers(tx, input.project, triggers, { by: owner, now: entered.now, rows: facts.rows });
      const events = await advanceReadiness(tx, input.project);
      const settled = await settleStranded(tx, input.project);
      const data = {
        hash: planHash(plan),
        ...loggedGuards(decided.guards),
        added: diff.added.length,
        changed: diff.changed.length,
        removed: diff.removed,
        triggers: answer.triggers,
      };
      return {
        answer,
        events: [event('plan.applied', `plan/${input.project}`, data), ...events, ...settled.events],
      };
    },
    after: (answer) => {
      // The database gathers statistics afterwards, where that cannot delay the answer.
      if (answer.applied) gateway.workers.planned(answer.added.length + answer.changed.length);
      return answer;
    },
  });
}
