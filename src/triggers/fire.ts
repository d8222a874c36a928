import { z } from 'zod';
import type { Effect, EffectEvent, Facts, MutationDefinition } from '../gateway/door/definitions.ts';
import { type Reason, reason } from '../lib/decision.ts';
import { defined } from '../lib/defined.ts';
import { durationMs } from '../lib/durations.ts';
import type { EventDraft } from '../store/events.ts';
import type { Tx } from '../store/store.ts';
import type { Plan } from '../tasks/plan.ts';
import { planAt } from '../tasks/plan-cache.ts';
import { type ActionName, actionNameOf, actionsOf } from '../tasks/plan-triggers.ts';
import type { TriggerRow } from '../tasks/trigger-rows.ts';
import { authorise } from '../tiers/authorise.ts';
import { graceMs } from './due.ts';
import {
  concludeSlot,
  type DueRow,
  lastStillRuns,
  lockById,
  lockSlot,
  queuedCount,
  queueSlot,
} from './fire-rows.ts';
import type { Done, Firing, TriggerActionPort } from './ports.ts';
import { triggerEvent } from './queue.ts';

/** The actions that this build can carry out. */
export type Ports = Readonly<Partial<Record<ActionName, TriggerActionPort>>>;

const input = z.strictObject({ project: z.string(), trigger: z.string(), slot: z.string() });
export type FireInput = z.infer<typeof input>;

export type FireAnswer = 'fired' | 'skipped' | 'missed' | 'queued' | 'gone';

interface Waiting {
  readonly row: TriggerRow;
  readonly due: DueRow;
  readonly isHeldUp: boolean;
  readonly queued: number;
  readonly plan: Plan | undefined;
  readonly port: TriggerActionPort | undefined;
  readonly facts: unknown;
}

type FireFacts = Facts<FireInput, undefined, Waiting | undefined>;

/**
 * Firing a slot, as a call of the door under the standing grant of the owner: in one transaction the slot's row is
 * written, the action is done and its event appended. A slot that somebody else has fired answers `gone`.
 */
export const fireDefinition = (
  ports: Ports,
  exclusive: boolean,
): MutationDefinition<'trigger:fire', FireInput, undefined, Waiting | undefined, FireAnswer> => ({
  action: 'trigger:fire',
  description: 'Fires a slot of a trigger.',
  input,
  exclusive,
  fixed: async () => undefined,
  moving: async (tx, before) => {
    const row = await lockById(tx, before.input.trigger);
    const due = row === undefined ? undefined : await lockSlot(tx, row.id, before.input.slot);
    if (row === undefined || due === undefined) return undefined;
    const entered = await before.entered;
    const plan = await planAt(tx, row.project, entered.planHash);
    const isHeldUp = row.spec.overlap !== 'allow' && (await lastStillRuns(tx, row));
    const queued = isHeldUp ? await queuedCount(tx, row.id) : 0;
    const base = { row, due, isHeldUp, queued, plan };
    const firing = firingOf({ ...before, entered }, base);
    const port = ports[actionNameOf(firing.action)];
    return { ...base, port, facts: await port?.facts(tx, firing) };
  },
  decide: (facts) => decided(facts),
  effect: (tx, _permit, facts) => effect(tx, facts),
});

type Base = Pick<Waiting, 'row' | 'due' | 'plan'>;

function firingOf(
  { grant, entered }: Pick<FireFacts, 'grant' | 'entered'>,
  { row, due, plan }: Base,
): Firing {
  const actions = actionsOf(row.spec);
  const action = actions[due.cause.step ?? 0] ?? row.spec;
  const { slot, cause } = due;
  return { row, action, slot, cause, now: entered.now, plan, epoch: entered.epoch ?? 0, grant };
}

function decided({ grant, input: given, entered, moving }: FireFacts): readonly Reason[] {
  if (moving === undefined || unfired({ entered, moving }) !== undefined) return [];
  const { row, port } = moving;
  const firing = firingOf({ grant, entered }, moving);
  const name = actionNameOf(firing.action);
  if (port === undefined) return [reason('trigger.action', `trigger/${row.name}`, { found: name })];
  // The door has looked at the grant's life; here it is about what the action needs.
  const access = { action: port.needs, project: given.project };
  const life = { nowSeconds: 0, epoch: 0, revoked: undefined };
  const missing = authorise(grant, access, life);
  return missing.length > 0 ? missing : port.reasons(firing, moving.facts);
}

/** Why a slot is not fired although it may be; undefined when it is. */
function unfired({ entered, moving }: { entered: FireFacts['entered']; moving: Waiting }) {
  const { row, due, isHeldUp, queued } = moving;
  if (isTooLate(row, due, entered.now.getTime() - due.at.getTime())) return 'missed';
  if (!isHeldUp) return undefined;
  if (row.spec.overlap === 'skip') return 'skipped';
  return due.queued || queued < row.spec.most ? 'queued' : 'skipped';
}

/** A slot may have waited here too, for a gateway that died between finding and firing it. */
function isTooLate({ kind, spec }: TriggerRow, { queued }: DueRow, lateMs: number): boolean {
  if (lateMs > durationMs(spec.catchUp) + graceMs) return true;
  const isTimed = kind === 'cron' || kind === 'periodic';
  return isTimed && spec.misfire === 'skip' && !queued && lateMs > graceMs * 2;
}

async function effect(tx: Tx, facts: FireFacts): Promise<Effect<FireAnswer>> {
  const { moving, entered } = facts;
  if (moving === undefined) return { answer: 'gone', events: [] };
  const { due, port } = moving;
  const why = unfired({ entered, moving });
  if (why === 'queued') {
    if (!due.queued) await queueSlot(tx, due);
    return { answer: 'queued', events: [] };
  }
  if (why !== undefined) return concluded(tx, due, why);
  if (port === undefined) throw new Error('fired without an action');
  const firing = firingOf(facts, moving);
  const done = await port.make(tx, firing, moving.facts);
  const made = defined({ made: done.made });
  // The due row is locked, so nobody can have fired the slot; the primary key is there for whoever gets round the lock.
  if (!(await concludeSlot(tx, due, 'fired', made))) throw new Error(`slot ${due.slot} was fired before`);
  return { answer: 'fired', events: eventsOf(firing, done) };
}

async function concluded(tx: Tx, due: DueRow, outcome: 'skipped' | 'missed'): Promise<Effect<FireAnswer>> {
  const isFirst = await concludeSlot(tx, due, outcome);
  return { answer: isFirst ? outcome : 'gone', events: [] };
}

function eventsOf(
  { row, action, slot, cause }: Firing,
  { made, events = [] }: Done,
): (EffectEvent | EventDraft)[] {
  const data = {
    slot,
    does: actionNameOf(action),
    causes: cause.causes,
    ...defined({ made, task: cause.task }),
  };
  return [triggerEvent(row, 'trigger.fired', data), ...events];
}
