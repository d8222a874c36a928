import { z } from 'zod';
import { type Reason, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { newId } from '../../store/ids.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Plan } from '../../tasks/plan.ts';
import { readPlan } from '../../tasks/plan-apply.ts';
import { type PlanTrigger, type PlanTriggerInput, planTrigger } from '../../tasks/plan-triggers.ts';
import { nextSlots } from '../../tasks/schedule/slots.ts';
import { checkTrigger, needsPerson, reachesOut } from '../../tasks/trigger-check.ts';
import {
  armTrigger,
  deleteTriggers,
  listTriggers,
  lockTrigger,
  readTrigger,
  type TriggerOwner,
  type TriggerRow,
  timedOf,
} from '../../tasks/trigger-rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import { lockGrant } from '../auth/minting.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, query, t } from '../door/procedure.ts';
import { triggerEndReasons } from '../runs/run-grant.ts';
import { name, page, project } from './inputs.ts';

const named = z.strictObject({ project, name });

/** Triggers: what happens by itself, when, and under whose grant. */
export function triggerRouter(gateway: Gateway) {
  return t.router({
    create: createProcedure(gateway),
    list: query(gateway, {
      action: 'trigger:read',
      description: 'Lists the triggers of a project with their state, next time and counts.',
      input: z.strictObject({ project }),
      answer: async ({ store }, input) => (await listTriggers(store, input.project)).map(shown),
    }),
    show: query(gateway, {
      action: 'trigger:read',
      description: 'Shows a trigger: what it waits for, what it does, and under whose grant.',
      input: named,
      answer: async ({ store }, input) => shown(await known(store, input)),
    }),
    history: historyProcedure(gateway),
    preview: previewProcedure(gateway),
    pause: stateProcedure(gateway, 'paused'),
    resume: stateProcedure(gateway, 'active'),
    fire: fireProcedure(gateway),
    delete: deleteProcedure(gateway),
  });
}

const shown = ({ hourAt: _at, hourCount: _count, hourHeld: _held, ...row }: TriggerRow) => row;

async function known(store: Gateway['store'], input: z.infer<typeof named>): Promise<TriggerRow> {
  const row = await readTrigger(store, input.project, input.name);
  if (row === undefined) throw fail('trigger.missing', `trigger/${input.name}`);
  return row;
}

/** The owner that a trigger gets from who makes it. */
const ownerOf = (grant: Grant): TriggerOwner => ({
  owner: grant.sub,
  gid: grant.gid,
  epoch: grant.ep,
});

/** Why a grant may not own a trigger: what reaches outside is a person's; agents start whoever may start them. */
function ownerReasons({ cap }: Grant, triggerName: string, trigger: PlanTrigger): Reason[] {
  const maySpawn = cap.ops.includes('agent:spawn');
  if (cap.tier === 'human' || (maySpawn ? !reachesOut(trigger) : !needsPerson(trigger))) return [];
  return [reason('trigger.owner', `trigger/${triggerName}`, { found: cap.tier, limit: 'human' })];
}

interface Seen {
  readonly row: TriggerRow | undefined;
  /** When the grant of the caller ends, who owns the trigger from then on. */
  readonly end: Date | undefined;
  readonly plan: Plan | undefined;
}

const seen = async (tx: Tx, { gid }: Grant, input: z.infer<typeof named>): Promise<Seen> => ({
  end: (await lockGrant(tx, gid))?.expiresAt,
  row: await lockTrigger(tx, input.project, input.name),
  plan: await readPlan(tx, input.project),
});

const missing = (triggerName: string): Reason => reason('trigger.missing', `trigger/${triggerName}`);

function createProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'trigger:create',
    description: 'Creates a trigger under the grant of the caller: one kind, one action, as in andon.yaml.',
    input: named.extend({ trigger: planTrigger }) as z.ZodType<
      z.infer<typeof named> & { trigger: PlanTrigger },
      z.infer<typeof named> & { trigger: PlanTriggerInput }
    >,
    exclusive: true,
    fixed: async ({ triggers }, input) => triggers.faults(input.name, input.trigger),
    moving: (tx, { input, grant }) => seen(tx, grant, input),
    decide: ({ grant, input, fixed, entered, moving: { row, plan, end } }) => [
      ...(row === undefined
        ? []
        : [reason('trigger.exists', `trigger/${input.name}`, { found: row.source })]),
      ...(plan === undefined
        ? [reason('plan.missing', input.project)]
        : [
            ...checkTrigger(plan, input.name, input.trigger),
            ...triggerEndReasons(input.name, input.trigger, plan, { end, now: entered.now }),
          ]),
      ...fixed,
      ...ownerReasons(grant, input.name, input.trigger),
    ],
    effect: async (tx, _permit, { grant, input, entered }) => {
      const { project: of, name: called, trigger: spec } = input;
      const draft = { project: of, name: called, spec, source: 'call' as const, by: ownerOf(grant) };
      const id = await armTrigger(tx, draft, entered.now);
      const data = { trigger: id, source: 'call', spec };
      return {
        answer: { trigger: id, name: called },
        events: [{ type: 'trigger.created' as const, subject: `trigger/${called}`, data }],
      };
    },
  });
}

function stateProcedure(gateway: Gateway, state: TriggerRow['state']) {
  const isActive = state === 'active';
  return mutation(gateway, {
    action: 'trigger:pause',
    description: isActive
      ? 'Resumes a trigger from now on, under the grant of the caller; what passed meanwhile is not made up for.'
      : 'Pauses a trigger; what waits to be fired waits on.',
    input: named,
    exclusive: true,
    fixed: async () => undefined,
    moving: (tx, { input, grant }) => seen(tx, grant, input),
    decide: ({ grant, input, entered, moving: { row, plan, end } }) => {
      if (row === undefined) return [missing(input.name)];
      if (!isActive) return [];
      // Whoever resumes it answers for it from then on.
      const times = { end, now: entered.now };
      const short = plan === undefined ? [] : triggerEndReasons(input.name, row.spec, plan, times);
      return [...ownerReasons(grant, input.name, row.spec), ...short];
    },
    effect: async (tx, _permit, { grant, input, moving: { row }, entered }) => {
      if (row === undefined) throw new Error('decided without a trigger');
      const type = isActive ? ('trigger.resumed' as const) : ('trigger.paused' as const);
      if (isActive) await armTrigger(tx, { ...row, state, by: ownerOf(grant) }, entered.now, row.id);
      else await tx.rows(pause, [row.id]);
      const answer = { name: input.name, state };
      const events = [{ type, subject: `trigger/${input.name}`, data: { trigger: row.id } }];
      return { answer, events };
    },
  });
}

const pause = statement('triggers.pause', `update triggers set state = 'paused' where id = $1`);
const putDue = statement(
  'triggers.putByHand',
  `insert into trigger_due (trigger, slot, project, at, cause) values ($1, $2, $3, $4, '{"causes": []}'::jsonb)`,
);

function fireProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'trigger:fire',
    description:
      'Fires a trigger once, now, under the grant of its owner; its history tells what came of it.',
    input: named,
    fixed: async () => undefined,
    moving: (tx, { input, grant }) => seen(tx, grant, input),
    decide: ({ input, moving: { row } }) => {
      if (row === undefined) return [missing(input.name)];
      if (row.state === 'active' && row.kind !== 'deadline') return [];
      const found = row.kind === 'deadline' ? 'a deadline, which is about a task' : row.state;
      return [reason('trigger.action', `trigger/${input.name}`, { found, next: 'resume it first' })];
    },
    effect: async (tx, _permit, { input, moving: { row }, entered }) => {
      // Named by an id of its own, so that two people who fire at one moment fire twice, and a retry once.
      const slot = `manual/${newId('request')}`;
      await tx.rows(putDue, [row?.id, slot, input.project, entered.now]);
      return { answer: { name: input.name, slot }, events: [] };
    },
    after: ({ triggers }, answer) => {
      triggers.wake();
      return answer;
    },
  });
}

function deleteProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'trigger:create',
    description: 'Deletes a trigger that was created by a call; those of the plan are deleted in the plan.',
    input: named,
    exclusive: true,
    fixed: async () => undefined,
    moving: (tx, { input, grant }) => seen(tx, grant, input),
    decide: ({ input, moving: { row } }) => {
      if (row === undefined) return [missing(input.name)];
      return row.source === 'call'
        ? []
        : [reason('trigger.exists', `trigger/${input.name}`, { found: 'plan' })];
    },
    effect: async (tx, _permit, { input, moving: { row } }) => {
      await deleteTriggers(tx, input.project, [input.name]);
      const data = { trigger: row?.id };
      return {
        answer: { name: input.name },
        events: [{ type: 'trigger.deleted' as const, subject: `trigger/${input.name}`, data }],
      };
    },
  });
}

export interface FireRow {
  slot: string;
  slotAt: Date;
  at: Date;
  outcome: string;
  made: string | null;
  error: { code?: string; subject?: string; found?: string | number }[] | null;
  causes: string[];
  delivery: string | null;
  deliveryStatus: string | null;
}

const history = statement(
  'triggers.history',
  `select f.slot, f.slot_at as "slotAt", f.at, f.outcome, f.made, f.error, f.causes, d.state as delivery, d.status as "deliveryStatus"
   from trigger_fires f left join lateral (select state, status from trigger_deliveries x
     where x.trigger = f.trigger and x.slot = f.slot order by created_at desc limit 1) d on true
   where f.trigger = $1 order by f.at desc, f.slot desc limit $2`,
);
const pending = statement(
  'triggers.pending',
  'select slot, at, queued from trigger_due where trigger = $1 order by put_at limit $2',
);

function historyProcedure(gateway: Gateway) {
  return query(gateway, {
    action: 'trigger:read',
    description: 'Shows what became of the slots of a trigger, the latest first, and what waits to be fired.',
    input: named.extend({ limit: page.limit }),
    answer: async ({ store }, input) => {
      const { id, fired, missed, refused, heldBack } = await known(store, input);
      const fires = await store.rows<FireRow>(history, [id, input.limit]);
      const waiting = await store.rows<{ slot: string; at: Date; queued: boolean }>(pending, [
        id,
        input.limit,
      ]);
      return { fired, missed, refused, heldBack, fires, waiting };
    },
  });
}

const sooner = 10;

function previewProcedure(gateway: Gateway) {
  const one = named.partial({ name: true }).extend({ trigger: planTrigger.optional() });
  return query(gateway, {
    action: 'trigger:read',
    description:
      'Shows the next ten times of a trigger, or of one that is only thought of, and what is wrong with it.',
    input: one as z.ZodType<
      { project: string; name?: string | undefined; trigger?: PlanTrigger | undefined },
      { project: string; name?: string | undefined; trigger?: PlanTriggerInput | undefined }
    >,
    answer: async (door, input) => {
      const { id, called, spec } = await thoughtOf(door.store, input);
      const plan = await readPlan(door.store, input.project);
      const checked = plan === undefined ? [] : checkTrigger(plan, called, spec);
      const reasons = [...checked, ...door.triggers.faults(called, spec)];
      const isSound = isTimed(spec) && !reasons.some(({ code }) => code === 'trigger.time');
      const slots = isSound ? nextSlots(timedOf(id, spec), door.nowSeconds() * 1000, sooner) : [];
      return { reasons, times: slots.map(({ atMs }) => new Date(atMs).toISOString()) };
    },
  });
}

const isTimed = ({ cron, every }: PlanTrigger): boolean => cron !== undefined || every !== undefined;

async function thoughtOf(
  store: Gateway['store'],
  {
    project: of,
    name: called = 'preview',
    trigger,
  }: { project: string; name?: string | undefined; trigger?: PlanTrigger | undefined },
) {
  if (trigger !== undefined) return { id: called, called, spec: trigger };
  const { id, spec } = await known(store, { project: of, name: called });
  return { id, called, spec };
}
