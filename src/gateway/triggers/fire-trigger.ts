import { z } from 'zod';
import { allowed, type Decision, denied, isDenied, reason } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { durationMs } from '../../lib/durations.ts';
import { actionsOf, type TriggerActionKind } from '../../plan/trigger-actions.ts';
import { isWanted } from '../../runs/pool.ts';
import type { EmittedEvent } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { authorise } from '../../tiers/authorise.ts';
import type { Grant } from '../../tiers/capability.ts';
import { graceMs } from '../../triggers/due.ts';
import {
  concludeSlot,
  type DueRow,
  lastStillRuns,
  lockById,
  lockSlot,
  queuedCount,
  queueSlot,
  stillRunsFor,
} from '../../triggers/fire-rows.ts';
import { triggerEvent } from '../../triggers/queue.ts';
import type { TriggerRow } from '../../triggers/rows.ts';
import type { Case, Effect, Entering, MutationDefinition } from '../admission/definitions.ts';
import type { Entered } from '../admission/enter.ts';
import type { Done, Firing, Make, TriggerActionPort } from './ports.ts';

/** The actions that this build can carry out. */
export type Ports = Readonly<Partial<Record<TriggerActionKind, TriggerActionPort>>>;

const input = z.strictObject({ project: z.string(), trigger: z.string(), slot: z.string() });
/** The slot to fire. */
export type FireInput = z.infer<typeof input>;

/** The outcome of firing a slot. */
export type FireAnswer = 'fired' | 'skipped' | 'missed' | 'queued' | 'gone';

/** A waiting slot with its trigger, under their locks. */
interface LockedSlot {
  readonly row: TriggerRow;
  readonly due: DueRow;
  readonly isHeldUp: boolean;
  readonly queued: number;
  /** False when the pool is full, or its work has gone into other hands. */
  readonly isWanted: boolean;
  /** Absent when the trigger has no such step any more. */
  readonly action: FoundAction | undefined;
}

interface FoundAction {
  readonly firing: Firing;
  /** Absent when this build cannot carry the action out. */
  readonly port: Pick<TriggerActionPort, 'needs'> | undefined;
  readonly decide: (() => Decision<Make>) | undefined;
}

/** The fate of a slot. */
type DecidedFire =
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'queued' | 'skipped' | 'missed'; readonly due: DueRow }
  | { readonly outcome: 'fired'; readonly due: DueRow; readonly firing: Firing; readonly make: Make };

type FireCase = Case<FireInput, unknown, LockedSlot | undefined>;

/**
 * Fires a slot, as an admitted call under the standing grant of the owner: one transaction writes the slot's
 * row, carries the action out and appends its event. A slot that was fired elsewhere answers `gone`.
 */
export const fireDefinition = (
  ports: Ports,
  exclusive: boolean,
): MutationDefinition<
  'trigger:fire',
  FireInput,
  unknown,
  LockedSlot | undefined,
  DecidedFire,
  FireAnswer
> => ({
  action: 'trigger:fire',
  description: 'Fires a slot of a trigger.',
  input,
  exclusive,
  facts: (tx, entering) => readSlot(tx, ports, entering),
  decide: decideFire,
  effect: (tx, { decided }) => carryOut(tx, decided),
});

async function readSlot(
  tx: Tx,
  ports: Ports,
  { grant, input: { trigger, slot }, entered }: Entering<FireInput, unknown>,
): Promise<LockedSlot | undefined> {
  const row = await lockById(tx, trigger);
  const due = row === undefined ? undefined : await lockSlot(tx, row.id, slot);
  if (row === undefined || due === undefined) return undefined;
  const isHeldUp = row.spec.overlap !== 'allow' && (await isAtWork(tx, row, due));
  const queued = isHeldUp ? await queuedCount(tx, row.id) : 0;
  const wanted = await isStillWanted(tx, row, due);
  const firing = await firingOf(tx, row, due, grant, await entered);
  const action = firing && (await readAction(tx, ports, firing));
  return { row, due, isHeldUp, queued, isWanted: wanted, action };
}

/** A trigger that spawns for the task of its event is held up by a run for that task alone: each task is work of its own. */
const isAtWork = (tx: Tx, row: TriggerRow, { cause }: DueRow): Promise<boolean> =>
  row.spec.spawn !== undefined && row.spec.for === 'event'
    ? stillRunsFor(tx, row, cause.task)
    : lastStillRuns(tx, row);

/** The row of the trigger is locked, so any number of gateways start no more runs than the pool holds. */
async function isStillWanted(tx: Tx, { id, project, spec }: TriggerRow, { cause }: DueRow): Promise<boolean> {
  const { pool, spawn } = spec;
  if (pool === undefined || spawn === undefined) return true;
  return isWanted(tx, { id, project, profile: spawn }, pool, cause);
}

/** The slot with its action; undefined when the trigger has no such step any more. */
async function firingOf(
  tx: Tx,
  row: TriggerRow,
  { slot, cause }: DueRow,
  grant: Grant,
  { now, epoch, planHash }: Entered,
): Promise<Firing | undefined> {
  const action = actionsOf(row.spec)[cause.step ?? 0];
  if (action === undefined) return undefined;
  const plan = await planAt(tx, row.project, planHash);
  return { row, action, slot, cause, now, plan, epoch: epoch ?? 0, grant };
}

async function readAction(tx: Tx, ports: Ports, firing: Firing): Promise<FoundAction> {
  const port = ports[firing.action.kind];
  return { firing, port, decide: await port?.read(tx, firing) };
}

function decideFire({ grant, input: given, entered, facts }: FireCase): Decision<DecidedFire> {
  if (facts === undefined) return allowed({ outcome: 'gone' });
  const { row, due, action } = facts;
  const outcome = unfired(facts, entered.now);
  if (outcome !== undefined) return allowed({ outcome, due });
  const subject = `trigger/${row.name}`;
  if (action === undefined)
    return denied(reason('trigger.action', subject, { found: 'a step that is gone' }));
  const { firing, port, decide } = action;
  if (port === undefined || decide === undefined)
    return denied(reason('trigger.action', subject, { found: firing.action.kind }));
  // Admission has judged the grant's life; this access is about the needs of the action.
  const access = { action: port.needs, project: given.project };
  const [first, ...others] = authorise(grant, access, { nowSeconds: 0, epoch: 0, revoked: undefined });
  if (first !== undefined) return denied(first, ...others);
  const decision = decide();
  if (isDenied(decision)) return decision;
  return allowed({ outcome: 'fired', due, firing, make: decision.decided });
}

/** The end of a slot that is not fired although it may be; undefined for a slot that is fired. */
function unfired({ row, due, isHeldUp, queued, isWanted: wanted }: LockedSlot, now: Date) {
  if (isTooLate(row, due, now.getTime() - due.at.getTime())) return 'missed';
  if (!wanted) return 'skipped';
  if (!isHeldUp) return undefined;
  if (row.spec.overlap === 'skip') return 'skipped';
  return due.queued || queued < row.spec.most ? 'queued' : 'skipped';
}

/** True for a slot that has waited too long, such as behind a gateway that died between finding and firing it. */
function isTooLate({ kind, spec }: TriggerRow, { queued }: DueRow, lateMs: number): boolean {
  if (lateMs > durationMs(spec.catchUp) + graceMs) return true;
  const isTimed = kind === 'cron' || kind === 'periodic';
  return isTimed && spec.misfire === 'skip' && !queued && lateMs > graceMs * 2;
}

async function carryOut(tx: Tx, decided: DecidedFire): Promise<Effect<FireAnswer>> {
  if (decided.outcome === 'gone') return { answer: 'gone', events: [] };
  const { outcome, due } = decided;
  if (outcome === 'queued') {
    if (!due.queued) await queueSlot(tx, due);
    return { answer: 'queued', events: [] };
  }
  if (outcome !== 'fired') {
    const isFirst = await concludeSlot(tx, due, outcome);
    return { answer: isFirst ? outcome : 'gone', events: [] };
  }
  const { firing, make } = decided;
  const done = await make(tx);
  const made = defined({ made: done.made });
  // The due row is locked, so no other process can have fired the slot; the primary key protects against code
  // that gets round the lock.
  if (!(await concludeSlot(tx, due, 'fired', made))) throw new Error(`slot ${due.slot} was fired before`);
  return { answer: 'fired', events: eventsOf(firing, done) };
}

function eventsOf({ row, action, slot, cause }: Firing, { made, events = [] }: Done): EmittedEvent[] {
  const data = {
    trigger: row.id,
    slot,
    does: action.kind,
    causes: cause.causes,
    ...defined({ made, task: cause.task }),
  };
  return [triggerEvent(row, 'trigger.fired', data), ...events];
}
