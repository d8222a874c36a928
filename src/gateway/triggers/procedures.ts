import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { checkTrigger } from '../../plan/trigger-check.ts';
import { type PlanTrigger, type PlanTriggerInput, planTrigger } from '../../plan/triggers.ts';
import { nextSlots } from '../../schedule/slots.ts';
import { statement } from '../../store/store.ts';
import { readPlan } from '../../tasks/plan-apply.ts';
import { listTriggers, readTrigger, type TriggerRow, timedOf } from '../../triggers/rows.ts';
import { page, project } from '../admission/inputs.ts';
import { query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { createProcedure, deleteProcedure, fireProcedure, named, stateProcedure } from './change.ts';

/** Triggers: actions that happen by themselves, with their times and grants. */
export function triggerRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    create: createProcedure(gateway),
    list: query(gateway, {
      action: 'trigger:read',
      description: 'Lists the triggers of a project with their state, next time and counts.',
      input: z.strictObject({ project }),
      answer: async (input) => (await listTriggers(store, input.project)).map(shown),
    }),
    show: query(gateway, {
      action: 'trigger:read',
      description: 'Shows a trigger: its next time, its action, and its owner.',
      input: named,
      answer: async (input) => shown(await known(store, input)),
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

/** A past fire, as lists show it. */
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
  const { store } = gateway;
  return query(gateway, {
    action: 'trigger:read',
    description: 'Shows the outcomes of the fires of a trigger, the latest first, and the fires that wait.',
    input: named.extend({ limit: page.limit }),
    answer: async (input) => {
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
    description: 'Shows the next ten times of a trigger, or of one that does not exist yet, and its faults.',
    input: one as z.ZodType<
      { project: string; name?: string | undefined; trigger?: PlanTrigger | undefined },
      { project: string; name?: string | undefined; trigger?: PlanTriggerInput | undefined }
    >,
    answer: async (input) => {
      const { id, called, spec } = await thoughtOf(gateway.store, input);
      const plan = await readPlan(gateway.store, input.project);
      const checked = plan === undefined ? [] : checkTrigger(plan, called, spec);
      const reasons = [...checked, ...gateway.triggers.faults(called, spec)];
      const isSound = isTimed(spec) && !reasons.some(({ code }) => code === 'trigger.time');
      const slots = isSound ? nextSlots(timedOf(id, spec), gateway.nowSeconds() * 1000, sooner) : [];
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
