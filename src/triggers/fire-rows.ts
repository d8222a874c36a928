import type { Reason } from '../lib/decision.ts';
import { columnsOf } from '../store/columns.ts';
import { appendEvents, jsonText } from '../store/log/events.ts';
import { type Session, type Store, statement, type Tx } from '../store/store.ts';
import { capabilityFromWire, type WireCapability } from '../tiers/wire.ts';
import type { StandingFor } from './grant.ts';
import { triggerEvent } from './queue.ts';
import { type TriggerRow, triggerColumns } from './rows.ts';
import { type FireOutcome, triggerDue } from './schema.ts';

const leftOut = ['putAt'] as const;

/** A slot that waits to be fired. */
export type DueRow = Readonly<Omit<typeof triggerDue.$inferSelect, (typeof leftOut)[number]>>;

const dueColumns = columnsOf(triggerDue, leftOut, 'd');
const waiting = statement(
  'triggers.waiting',
  `select ${dueColumns}, t.name, t.spec, t.owner_gid as "ownerGid", t.owner_epoch as "ownerEpoch", g.agent, g.cap, g.lin as lineage,
     g.expires_at as "expiresAt"
   from trigger_due d join triggers t on t.id = d.trigger join grants g on g.gid = t.owner_gid
   where t.state = 'active' and d.queued = $1 order by d.put_at, d.at limit $2`,
);
const lockDue = statement(
  'triggers.lockDue',
  `select ${dueColumns} from trigger_due d where d.trigger = $1 and d.slot = $2 for update skip locked`,
);
const lockRow = statement(
  'triggers.lockById',
  `select ${triggerColumns} from triggers where id = $1 for update`,
);
const isRunning = statement(
  'triggers.isRunning',
  `select case split_part($2, '/', 1)
     when 'run' then exists (select 1 from runs where state in ('waiting', 'taken', 'running') and project = $1 and trigger = $3)
     when 'task' then exists (select 1 from tasks where project = $1 and id = split_part($2, '/', 2) and state not in ('done', 'abandoned'))
     else false end as "isRunning"`,
);
const putFire = statement(
  'triggers.putFire',
  `insert into trigger_fires (trigger, slot, slot_at, outcome, made, error, causes)
   values ($1, $2, $3, $4, $5, $6::jsonb, $7) on conflict do nothing returning slot`,
);
const dropDue = statement('triggers.dropDue', 'delete from trigger_due where trigger = $1 and slot = $2');
const queueDue = statement(
  'triggers.queueDue',
  'update trigger_due set queued = true where trigger = $1 and slot = $2',
);
const queuedOf = statement(
  'triggers.queuedOf',
  'select count(*)::int as count from trigger_due where trigger = $1 and queued',
);
const countFire = statement(
  'triggers.countFire',
  `update triggers set last_at = andon_now(), last_outcome = $2, last_made = coalesce($3, last_made),
     fired = fired + ($2 = 'fired')::int, refused = refused + ($2 in ('refused', 'failed'))::int, missed = missed + ($2 = 'missed')::int
   where id = $1`,
);

/** A waiting slot, with the grant that it would be fired under. */
export type WaitingSlot = DueRow & StandingFor & Pick<TriggerRow, 'name' | 'spec'>;

/** Waiting slots in the order in which they came: those held up by an earlier run, or the others. */
export async function waitingSlots(session: Session, queued: boolean, most: number): Promise<WaitingSlot[]> {
  const rows = await session.rows<Omit<WaitingSlot, 'cap'> & { readonly cap: WireCapability }>(waiting, [
    queued,
    most,
  ]);
  return rows.map((row) => ({ ...row, cap: capabilityFromWire(row.cap) }));
}

/** A waiting slot, locked; undefined when it is locked elsewhere or gone. */
export async function lockSlot(tx: Tx, trigger: string, slot: string): Promise<DueRow | undefined> {
  const [row] = await tx.rows<DueRow>(lockDue, [trigger, slot]);
  return row;
}

/** A trigger by its id, locked; undefined when there is none. */
export async function lockById(tx: Tx, id: string): Promise<TriggerRow | undefined> {
  const [row] = await tx.rows<TriggerRow>(lockRow, [id]);
  return row;
}

/** True while the run or task that the trigger made last has not ended. */
export async function lastStillRuns(tx: Tx, { id, project, lastMade }: TriggerRow): Promise<boolean> {
  if (lastMade === null) return false;
  const [row] = await tx.rows<{ isRunning: boolean }>(isRunning, [project, lastMade, id]);
  return row?.isRunning === true;
}

const isAtWork = statement(
  'triggers.isAtWork',
  `select exists (select 1 from runs where project = $1 and trigger = $2 and task is not distinct from $3 and state <> 'ended')
   as "isRunning"`,
);

/** True while a run that the trigger made for this task has not ended; one for another task is other work. */
export async function stillRunsFor(
  tx: Tx,
  { id, project }: TriggerRow,
  task: string | undefined,
): Promise<boolean> {
  const [row] = await tx.rows<{ isRunning: boolean }>(isAtWork, [project, id, task ?? null]);
  return row?.isRunning === true;
}

/** Number of slots of a trigger that wait for an earlier run to end. */
export async function queuedCount(tx: Tx, trigger: string): Promise<number> {
  const [row] = await tx.rows<{ count: number }>(queuedOf, [trigger]);
  return row?.count ?? 0;
}

/** Marks a slot as one that waits for an earlier run to end. */
export const queueSlot = (tx: Tx, { trigger, slot }: DueRow): Promise<unknown> =>
  tx.rows(queueDue, [trigger, slot]);

/**
 * Writes the one row of a slot and takes it from the waiting ones. False when the slot was fired before: then
 * nothing may be done for it.
 */
export async function concludeSlot(
  tx: Tx,
  due: DueRow,
  outcome: FireOutcome,
  detail: { readonly made?: string; readonly error?: readonly unknown[] } = {},
): Promise<boolean> {
  const { trigger, slot, at, cause } = due;
  const { made = null, error } = detail;
  const row = [
    trigger,
    slot,
    at,
    outcome,
    made,
    error === undefined ? null : jsonText(error),
    [...cause.causes],
  ];
  const put = await tx.rows(putFire, row);
  tx.later(dropDue, [trigger, slot]);
  if (put.length === 0) return false;
  tx.later(countFire, [trigger, outcome, made]);
  return true;
}

/** Records that admission refused a fire, or that the fire failed; the fire has no other effect. */
export function recordRefusal(
  store: Store,
  { trigger, slot }: DueRow,
  outcome: 'refused' | 'failed',
  reasons: readonly Partial<Reason>[],
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const row = await lockById(tx, trigger);
    const due = await lockSlot(tx, trigger, slot);
    if (row === undefined || due === undefined) return false;
    if (!(await concludeSlot(tx, due, outcome, { error: reasons }))) return false;
    const { causes } = due.cause;
    const data = { trigger, slot, outcome, code: reasons[0]?.code ?? 'internal', causes };
    appendEvents(tx, [triggerEvent(row, 'trigger.refused', data)]);
    return true;
  });
}
