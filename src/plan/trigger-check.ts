import { type Reason, type ReasonDetail, reason } from '../lib/decision.ts';
import { durationMs } from '../lib/durations.ts';
import { nextCron } from '../schedule/cron.ts';
import { cronFault } from '../schedule/cron-fields.ts';
import { isZone } from '../schedule/zone.ts';
import { eventTypes } from '../store/log/events.ts';
import { roleNames, roleOf } from '../tiers/roles.ts';
import type { Plan } from './plan.ts';
import {
  actionsOf,
  type SpawnAction,
  type TriggerAction,
  type TriggerActionKind,
} from './trigger-actions.ts';
import type { NewTask, PlanTrigger } from './triggers.ts';

/** Every fault in the triggers of a plan beyond their shape. */
export const checkTriggers = (plan: Plan): Reason[] =>
  Object.entries(plan.triggers ?? {}).flatMap(([name, trigger]) => checkTrigger(plan, name, trigger));

/** Every fault of one trigger under a plan beyond its shape. */
export function checkTrigger(plan: Plan, name: string, trigger: PlanTrigger): Reason[] {
  const place = `triggers.${name}`;
  const found = [...timeFaults(place, trigger), ...eventFaults(place, name, trigger)];
  for (const action of actionsOf(trigger)) found.push(...actionFaults(plan, place, trigger, action));
  return found;
}

// An instant of a leap year; an expression without a later time has no time at all.
const anyTimeMs = Date.UTC(2024, 0, 1);

function timeFaults(place: string, trigger: PlanTrigger): Reason[] {
  const found = intervalFault(trigger) ?? cronFaultOf(trigger);
  return found === undefined ? [] : [reason('trigger.time', place, { found })];
}

function intervalFault({ every, jitter }: PlanTrigger): string | undefined {
  if (every === undefined || jitter === undefined) return undefined;
  return durationMs(jitter) >= durationMs(every) ? `jitter ${jitter} of every ${every}` : undefined;
}

function cronFaultOf({ cron, zone = 'UTC' }: PlanTrigger): string | undefined {
  if (cron === undefined) return undefined;
  const syntax = cronFault(cron);
  if (syntax !== undefined) return `${cron.slice(0, 100)}: ${syntax.slice(0, 200)}`;
  if (!isZone(zone)) return `zone ${zone}`;
  return nextCron({ expression: cron, zone }, anyTimeMs) === undefined ? `${cron}: never` : undefined;
}

const isEventType = (type: string): boolean => (eventTypes as readonly string[]).includes(type);

function eventFaults(place: string, name: string, trigger: PlanTrigger): Reason[] {
  const { on } = trigger;
  if (on === undefined) return [];
  if (!isEventType(on)) return [reason('trigger.event', place, { found: on, limit: eventTypes.join(', ') })];
  return firesItself(name, trigger) ? [reason('trigger.itself', place, { found: on })] : [];
}

/** Events that the actions cause, beside `trigger.…`, which every action causes. */
const causes: Readonly<Record<TriggerActionKind, RegExp>> = {
  spawn: /^(run|grant|agent)\./,
  notify: /^message\./,
  webhook: /^$/,
  command: /^$/,
  task: /^(plan\.applied|task\.readied|task\.added)$/,
  cord: /^(stop|cord|line)\./,
  audit: /^(report|alert|audit)\./,
};

/** True when an event caused by the trigger's own action could fire it. Events ruled out by `where` do not count. */
function firesItself(name: string, trigger: PlanTrigger): boolean {
  const { on = '', where = {} } = trigger;
  const { subject, 'data.profile': profile } = where;
  if (on.startsWith('trigger.')) return typeof subject !== 'string' || subject === `trigger/${name}`;
  return actionsOf(trigger).some((action) => {
    if (!causes[action.kind].test(on)) return false;
    if (action.kind === 'spawn') return typeof profile !== 'string' || profile === action.profile;
    if (action.kind === 'task') return typeof subject !== 'string' || subject.startsWith(`task/${name}-`);
    return true;
  });
}

function actionFaults(plan: Plan, place: string, trigger: PlanTrigger, action: TriggerAction): Reason[] {
  const refers: Refers = (member, found, detail = {}) =>
    reason('plan.reference', `${place}.${member}`, { found, ...detail });
  if (action.kind === 'spawn')
    return [...profileFaults(plan, refers, action), ...whatItIsFor(plan, refers, trigger, action)];
  if (action.kind === 'task') return taskFaults(plan, refers, action.task);
  return hasHolder(trigger, action) ? [] : [reason('trigger.recipient', place, { found: 'holder' })];
}

function whatItIsFor(plan: Plan, refers: Refers, trigger: PlanTrigger, { for: task }: SpawnAction): Reason[] {
  if (task === undefined) return [];
  if (task === 'event')
    return trigger.on === undefined && trigger.pool === undefined
      ? [refers('for', 'event', { limit: 'with `on`' })]
      : [];
  return Object.hasOwn(plan.tasks, task) ? [] : [refers('for', task)];
}

/**
 * True unless the action notifies a holder that cannot exist: only a task has a holder, and only events and
 * deadlines are about a task.
 */
const hasHolder = ({ on, deadline }: PlanTrigger, action: TriggerAction): boolean =>
  action.kind !== 'notify' || action.recipient !== 'holder' || on !== undefined || deadline !== undefined;

type Refers = (member: string, found: string, detail?: ReasonDetail) => Reason;

function profileFaults(plan: Plan, refers: Refers, { profile: spawn, role }: SpawnAction): Reason[] {
  const profile = Object.hasOwn(plan.agents, spawn) ? plan.agents[spawn] : undefined;
  if (profile === undefined) return [refers('spawn', spawn, { limit: Object.keys(plan.agents).join(', ') })];
  if (profile.adapter === undefined)
    return [
      refers('spawn', spawn, { limit: 'a profile with an `adapter`, which tells how a run is started' }),
    ];
  if (role === undefined || roleOf(role)?.tier === profile.tier) return [];
  const limit = roleNames.filter((one) => roleOf(one)?.tier === profile.tier).join(', ');
  return [refers('role', role, { limit })];
}

function taskFaults(plan: Plan, refers: Refers, task: NewTask): Reason[] {
  const { needs = [], gates = [] } = task;
  return [
    ...(plan.phases.includes(task.phase) ? [] : [refers('task.phase', task.phase)]),
    ...needs.filter((one) => !Object.hasOwn(plan.tasks, one)).map((one) => refers('task.needs', one)),
    ...gates.filter((one) => !Object.hasOwn(plan.gates, one)).map((one) => refers('task.gates', one)),
  ];
}

/** True when the trigger starts agents or reaches outside the gateway: a person must answer for such a trigger. */
export const needsPerson = (trigger: PlanTrigger): boolean =>
  actionsOf(trigger).some(({ kind }) => kind === 'spawn') || reachesOut(trigger);

/** True when the trigger sends data out of the gateway, or starts a program of the operator's. */
export const reachesOut = (trigger: PlanTrigger): boolean =>
  actionsOf(trigger).some(({ kind }) => kind === 'webhook' || kind === 'command');
