import { durationMs } from '../lib/durations.ts';
import { jsonText } from '../store/log/events.ts';
import { type Store, statement, type Tx } from '../store/store.ts';
import { type DeadlineTask, dueDeadlines } from './deadlines.ts';
import { type Armed, due } from './due.ts';
import { type Found, queueFound, tellHeldBack } from './queue.ts';
import { type TriggerRow, timedOf, triggerColumns } from './rows.ts';

/** Number of triggers in one transaction. */
const pageMax = 200;

const takeDue = statement(
  'triggers.takeDue',
  // The clock is volatile: outside of a sub-select it would be read for every row, and no index would be
  // used.
  `select ${triggerColumns}, andon_now() as now from triggers
   where state = 'active' and next_at <= (select andon_now()) order by next_at limit ${pageMax} for update skip locked`,
);
const takeDigests = statement(
  'triggers.takeDigests',
  `select ${triggerColumns} from triggers
   where hour_held > 0 and hour_at <= (select andon_now()) - interval '1 hour' limit ${pageMax} for update skip locked`,
);
const told = statement('triggers.told', 'update triggers set hour_held = 0 where id = any($1::text[])');
const brokenStatement = statement(
  'triggers.broken',
  `update triggers set state = 'paused', last_outcome = 'failed', last_at = andon_now() where id = $1`,
);
const deadlines = statement(
  'triggers.deadlineTasks',
  `select id as task, deadline from tasks
   where project = $1 and deadline is not null and state not in ('done', 'abandoned')`,
);
const firedOf = statement(
  'triggers.firedOf',
  `select slot from trigger_fires where trigger = $1 and slot = any($2::text[])
   union all select slot from trigger_due where trigger = $1 and slot = any($2::text[])`,
);
const putMissed = statement(
  'triggers.putMissed',
  `insert into trigger_fires (trigger, slot, slot_at, outcome, causes)
   select $1, m->>'slot', to_timestamp((m->>'atMs')::float8 / 1000), 'missed', '{}'
   from jsonb_array_elements($2::jsonb) as given(m) on conflict do nothing`,
);

/**
 * Queues every slot whose time has come, once: the row of the trigger is locked and advanced in the same
 * transaction. The clock is the database's. Returns the number of queued slots.
 */
export async function tickTimes(
  store: Store,
  failed: (error: unknown, name: string) => void,
): Promise<number> {
  let count = 0;
  for (;;) {
    const page = await store.transaction((tx) => tickPage(tx, failed));
    count += page.slots;
    if (page.looked < pageMax) return count;
  }
}

async function tickPage(tx: Tx, failed: (error: unknown, name: string) => void) {
  const rows = await tx.rows<TriggerRow & { now: Date }>(takeDue);
  const found: Found[] = [];
  for (const row of rows) {
    try {
      found.push(await look(tx, row, row.now.getTime()));
    } catch (error) {
      // One faulty trigger, such as one with a zone that this Node does not know, must not hold up the
      // others.
      failed(error, row.name);
      tx.later(brokenStatement, [row.id]);
    }
  }
  const [first] = rows;
  const slots = first === undefined ? [] : await queueFound(tx, found, first.now.getTime());
  return { looked: rows.length, slots: slots.length };
}

const look = async (tx: Tx, row: TriggerRow, nowMs: number): Promise<Found> =>
  row.kind === 'deadline' ? lookAtDeadlines(tx, row, nowMs) : lookAtTimes(row, nowMs);

function lookAtTimes(row: TriggerRow, nowMs: number): Found {
  const [one] = due([armedOf(row, nowMs)], nowMs);
  if (one === undefined) return { row, slots: [], missed: 0 };
  const { slots, missed, next } = one;
  return {
    row,
    slots: slots.map((slot) => ({ ...slot, cause: { causes: [] } })),
    missed,
    next: { atMs: next?.atMs, slotMs: next?.slotMs },
  };
}

function armedOf({ id, spec, nextAt, nextSlot }: TriggerRow, nowMs: number): Armed {
  const { misfire, most, catchUp } = spec;
  const atMs = nextAt?.getTime() ?? nowMs;
  return {
    timed: timedOf(id, spec),
    policy: { misfire, most, catchUpMs: durationMs(catchUp) },
    next: { atMs, slotMs: nextSlot?.getTime() ?? atMs },
  };
}

async function lookAtDeadlines(tx: Tx, row: TriggerRow, nowMs: number): Promise<Found> {
  const steps = row.spec.deadline ?? [];
  const rows = await tx.rows<{ task: string; deadline: Date }>(deadlines, [row.project]);
  const tasks: DeadlineTask[] = rows.map(({ task, deadline }) => ({ task, deadlineMs: deadline.getTime() }));
  const times = { nowMs, catchUpMs: durationMs(row.spec.catchUp) };
  const passed = dueDeadlines(steps, tasks, () => false, times);
  const names = [...passed.slots, ...passed.missed].map(({ slot }) => slot);
  const fired = new Set((await tx.rows<{ slot: string }>(firedOf, [row.id, names])).map(({ slot }) => slot));
  const found = dueDeadlines(steps, tasks, (slot) => fired.has(slot), times);
  if (found.missed.length > 0) tx.later(putMissed, [row.id, jsonText(found.missed)]);
  const slots = found.slots.map(({ slot, atMs, task, step }) => ({
    slot,
    atMs,
    cause: { causes: [], task, step },
  }));
  return { row, slots, missed: found.missed.length, next: { atMs: found.nextAtMs, slotMs: undefined } };
}

/** Reports the fires held back in hours that have ended, one message for each trigger. */
export function tellDigests(store: Store): Promise<number> {
  return store.transaction(async (tx) => {
    const rows = await tx.rows<TriggerRow>(takeDigests);
    for (const row of rows) await tellHeldBack(tx, row, row.hourHeld);
    if (rows.length > 0) tx.later(told, [rows.map(({ id }) => id)]);
    return rows.length;
  });
}
