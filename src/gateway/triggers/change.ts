import { z } from 'zod';
import { allowUnless, type Decision, denied, type Reason, reason } from '../../lib/decision.ts';
import type { Plan } from '../../plan/plan.ts';
import { checkTrigger, needsPerson, reachesOut } from '../../plan/trigger-check.ts';
import { type PlanTrigger, type PlanTriggerInput, planTrigger } from '../../plan/triggers.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { readPlan } from '../../tasks/plan-apply.ts';
import type { Grant } from '../../tiers/capability.ts';
import {
  armTrigger,
  deleteTriggers,
  lockTrigger,
  type TriggerOwner,
  type TriggerRow,
} from '../../triggers/rows.ts';
import { name, project } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { lockGrant } from '../auth/minting.ts';
import { triggerEndReasons } from '../runs/run-grant.ts';
import type { Gateway } from '../services.ts';

/** Input of procedures that name one trigger. */
export const named = z.strictObject({ project, name });

/** The owner of a trigger, from the grant that makes it. */
const ownerOf = (grant: Grant): TriggerOwner => ({
  owner: grant.sub,
  grantId: grant.grantId,
  epoch: grant.epoch,
});

/**
 * Reasons why a grant may not own a trigger: a trigger that reaches outside belongs to a person, one that
 * starts agents to a grant that may start them, and a pool to a person, as profiles do.
 */
function ownerReasons({ cap }: Grant, triggerName: string, trigger: PlanTrigger): Reason[] {
  const maySpawn = cap.actions.includes('agent:spawn') && trigger.pool === undefined;
  if (cap.tier === 'human' || (maySpawn ? !reachesOut(trigger) : !needsPerson(trigger))) return [];
  return [reason('trigger.owner', `trigger/${triggerName}`, { found: cap.tier, limit: 'human' })];
}

interface TriggerFacts {
  readonly row: TriggerRow | undefined;
  /** The end of the caller's grant: the caller owns the trigger from then on. */
  readonly end: Date | undefined;
  readonly plan: Plan | undefined;
}

const seen = async (tx: Tx, { grantId }: Grant, input: z.infer<typeof named>): Promise<TriggerFacts> => ({
  end: (await lockGrant(tx, grantId))?.expiresAt,
  row: await lockTrigger(tx, input.project, input.name),
  plan: await readPlan(tx, input.project),
});

/** The named trigger, unless it is missing or `reasons` finds a reason against the action. */
const decideAbout = (
  { row }: TriggerFacts,
  triggerName: string,
  reasons: (row: TriggerRow) => readonly Reason[],
): Decision<TriggerRow> =>
  row === undefined
    ? denied(reason('trigger.missing', `trigger/${triggerName}`))
    : allowUnless(reasons(row), row);

/** The procedure `trigger.create`: arms a trigger under the grant of the caller. */
export function createProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'trigger:create',
    description: 'Creates a trigger under the grant of the caller: one kind, one action, as in andon.yaml.',
    input: named.extend({ trigger: planTrigger }) as z.ZodType<
      z.infer<typeof named> & { trigger: PlanTrigger },
      z.infer<typeof named> & { trigger: PlanTriggerInput }
    >,
    exclusive: true,
    prepare: (input) => gateway.triggers.faults(input.name, input.trigger),
    facts: (tx, { input, grant }) => seen(tx, grant, input),
    decide: ({ grant, input, prepared, entered, facts: { row, plan, end } }) =>
      allowUnless([
        ...(row === undefined
          ? []
          : [reason('trigger.exists', `trigger/${input.name}`, { found: row.source })]),
        ...(plan === undefined
          ? [reason('plan.missing', input.project)]
          : [
              ...checkTrigger(plan, input.name, input.trigger),
              ...triggerEndReasons(input.name, input.trigger, plan, { end, now: entered.now }),
            ]),
        ...prepared,
        ...ownerReasons(grant, input.name, input.trigger),
      ]),
    effect: async (tx, _permit, { grant, input, entered }) => {
      const { project: of, name: called, trigger: spec } = input;
      const draft = { project: of, name: called, spec, source: 'call' as const, by: ownerOf(grant) };
      const id = await armTrigger(tx, draft, entered.now);
      const data = { trigger: id, source: 'call', spec };
      return {
        answer: { trigger: id, name: called },
        events: [event('trigger.created', `trigger/${called}`, data)],
      };
    },
  });
}

/** The procedure `trigger.pause` or `trigger.resume`, by the state that it leads to. */
export function stateProcedure(gateway: Gateway, state: TriggerRow['state']) {
  const isActive = state === 'active';
  return mutation(gateway, {
    action: 'trigger:pause',
    description: isActive
      ? 'Resumes a trigger from now on, under the grant of the caller; missed times are not made up for.'
      : 'Pauses a trigger; fires that wait go on waiting.',
    input: named,
    exclusive: true,
    facts: (tx, { input, grant }) => seen(tx, grant, input),
    decide: ({ grant, input, entered, facts }) =>
      decideAbout(facts, input.name, ({ spec }) => {
        if (!isActive) return [];
        // A caller that resumes a trigger answers for it from then on.
        const { plan, end } = facts;
        const times = { end, now: entered.now };
        const short = plan === undefined ? [] : triggerEndReasons(input.name, spec, plan, times);
        return [...ownerReasons(grant, input.name, spec), ...short];
      }),
    effect: async (tx, { decided: row }, { grant, input, entered }) => {
      if (isActive) await armTrigger(tx, { ...row, state, by: ownerOf(grant) }, entered.now, row.id);
      else await tx.rows(pause, [row.id]);
      const answer = { name: input.name, state };
      const subject = `trigger/${input.name}`;
      const data = { trigger: row.id };
      const moved = isActive
        ? event('trigger.resumed', subject, data)
        : event('trigger.paused', subject, data);
      return { answer, events: [moved] };
    },
  });
}

const pause = statement('triggers.pause', `update triggers set state = 'paused' where id = $1`);
const putDue = statement(
  'triggers.putByHand',
  `insert into trigger_due (trigger, slot, project, at, cause) values ($1, $2, $3, $4, '{"causes": []}'::jsonb)`,
);

/** Kinds that fire for work alone, which nobody names here. */
const unfit: Partial<Record<TriggerRow['kind'], string>> = {
  deadline: 'a deadline, which is about a task',
  pool: 'a pool, which fires for the work that it finds',
};

/** The procedure `trigger.fire`: queues a slot of a trigger at once. */
export function fireProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'trigger:fire',
    description: 'Fires a trigger once, now, under the grant of its owner; its history shows the outcome.',
    input: named,
    facts: (tx, { input, grant }) => seen(tx, grant, input),
    decide: ({ input, facts }) =>
      decideAbout(facts, input.name, ({ state, kind }) => {
        const needsWork = unfit[kind];
        if (state === 'active' && needsWork === undefined) return [];
        const found = needsWork ?? state;
        return [reason('trigger.action', `trigger/${input.name}`, { found, next: 'resume it first' })];
      }),
    effect: async (tx, { decided: row }, { input, entered }) => {
      // The slot has an id of its own, so that two people who fire at one moment fire twice, and a retry
      // once.
      const slot = `manual/${newId('request')}`;
      await tx.rows(putDue, [row.id, slot, input.project, entered.now]);
      return { answer: { name: input.name, slot }, events: [] };
    },
    after: (answer) => {
      gateway.triggers.wake();
      return answer;
    },
  });
}

/** The procedure `trigger.delete`: removes a trigger that a call created. */
export function deleteProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'trigger:create',
    description: 'Deletes a trigger that was created by a call; those of the plan are deleted in the plan.',
    input: named,
    exclusive: true,
    facts: (tx, { input, grant }) => seen(tx, grant, input),
    decide: ({ input, facts }) =>
      decideAbout(facts, input.name, ({ source }) =>
        source === 'call' ? [] : [reason('trigger.exists', `trigger/${input.name}`, { found: 'plan' })],
      ),
    effect: async (tx, { decided: row }, { input }) => {
      await deleteTriggers(tx, input.project, [input.name]);
      const deleted = event('trigger.deleted', `trigger/${input.name}`, { trigger: row.id });
      return { answer: { name: input.name }, events: [deleted] };
    },
  });
}
