import { defined } from '../lib/defined.ts';
import { sendMessage } from '../messages/messages.ts';
import type { EventData } from '../store/log/event-data/index.ts';
import {
  appendEvents,
  type DraftOf,
  draftOf,
  type EventType,
  type ExactData,
  event,
  jsonText,
} from '../store/log/events.ts';
import { statement, type Tx } from '../store/store.ts';
import type { FireCause } from './cause.ts';
import { type Rated, rated } from './rate.ts';
import type { TriggerRow } from './rows.ts';

/** A slot to be put into the queue, with its cause. */
export interface QueuedSlot {
  readonly slot: string;
  readonly atMs: number;
  readonly cause: FireCause;
}

/** The slots that a tick found for one trigger, to be written. */
export interface Found {
  readonly row: TriggerRow;
  readonly slots: readonly QueuedSlot[];
  readonly missed: number;
  /** The time of the trigger's next look and its slot; absent for triggers of events. */
  readonly next?: { readonly atMs: number | undefined; readonly slotMs: number | undefined };
}

const putDue = statement(
  'triggers.putDue',
  `insert into trigger_due (trigger, slot, project, at, cause)
   select d->>'trigger', d->>'slot', d->>'project', to_timestamp((d->>'atMs')::float8 / 1000), d->'cause'
   from jsonb_array_elements($1::jsonb) as given(d) on conflict do nothing`,
);
const move = statement(
  'triggers.move',
  `update triggers t set
     next_at = case when m ? 'nextAtMs' then to_timestamp((m->>'nextAtMs')::float8 / 1000) else t.next_at end,
     next_slot = case when m ? 'nextSlotMs' then to_timestamp((m->>'nextSlotMs')::float8 / 1000) else t.next_slot end,
     missed = t.missed + (m->>'missed')::int, held_back = t.held_back + (m->>'heldBack')::int,
     hour_at = to_timestamp((m->>'hourAtMs')::float8 / 1000), hour_count = (m->>'hourCount')::int, hour_held = (m->>'hourHeld')::int
   from jsonb_array_elements($1::jsonb) as given(m) where t.id = m->>'id'`,
);

/**
 * Writes found slots, in a fixed number of statements: slots wait to be fired, at most so many an hour; the
 * rest is counted and reported once an hour. The rows of the triggers must be locked.
 */
export async function queueFound(tx: Tx, found: readonly Found[], nowMs: number): Promise<QueuedSlot[]> {
  const moves: Record<string, unknown>[] = [];
  const queued: (QueuedSlot & { trigger: string; project: string })[] = [];
  for (const one of found) {
    const { row, slots, missed } = one;
    const rate = rated(hourOf(row), slots.length, row.spec.perHour, nowMs);
    const kept = slots.slice(0, rate.allowed);
    queued.push(...kept.map((slot) => ({ ...slot, trigger: row.id, project: row.project })));
    moves.push(moveOf(one, rate));
    if (rate.digest > 0) await tellHeldBack(tx, row, rate.digest);
    if (missed > 0) appendEvents(tx, [triggerEvent(row, 'trigger.missed', { trigger: row.id, missed })]);
  }
  if (moves.length > 0) tx.later(move, [jsonText(moves)]);
  if (queued.length > 0) tx.later(putDue, [jsonText(queued)]);
  return queued;
}

const moveOf = ({ row, slots, missed, next }: Found, { hour, allowed }: Rated) => ({
  id: row.id,
  missed,
  heldBack: slots.length - allowed,
  hourAtMs: hour.atMs ?? null,
  hourCount: hour.count,
  hourHeld: hour.held,
  ...defined({ nextAtMs: next && (next.atMs ?? null), nextSlotMs: next && (next.slotMs ?? null) }),
});

const hourOf = ({ hourAt, hourCount, hourHeld }: TriggerRow) => ({
  atMs: hourAt?.getTime(),
  count: hourCount,
  held: hourHeld,
});

/** Sends one message about all fires that were held back in an hour. */
export async function tellHeldBack(tx: Tx, row: TriggerRow, count: number): Promise<void> {
  await sendMessage(tx, {
    project: row.project,
    recipient: row.owner,
    kind: 'alert',
    subject: `trigger/${row.name}`,
    title: `trigger ${row.name}: ${count} fires held back in an hour`,
    body: `${row.name} came ${count} times more than its ${row.spec.perHour} an hour. \`perHour\` in andon.yaml sets the limit.`,
    data: { trigger: row.id, count },
  });
  appendEvents(tx, [triggerEvent(row, 'trigger.held', { trigger: row.id, count })]);
}

/** An event of a trigger, under the grant of its owner. */
export const triggerEvent = <Type extends EventType, Data extends EventData[Type]>(
  { name, project, ownerGid: gid }: Pick<TriggerRow, 'name' | 'project' | 'ownerGid'>,
  type: Type,
  data: ExactData<Type, Data>,
): DraftOf<Type> =>
  draftOf({ project, actor: `trigger:${name}`, gid }, event<Type, Data>(type, `trigger/${name}`, data));
