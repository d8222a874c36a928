import { defined } from '../lib/defined.ts';
import type { ChainedEvent } from '../store/log/chain.ts';
import { appendEvents, jsonText } from '../store/log/events.ts';
import { taskOf } from '../store/log/logged-event.ts';
import { eventsAfter } from '../store/log/tail.ts';
import { type Store, statement, type Tx } from '../store/store.ts';
import { readCauses } from './causes.ts';
import { counted, isImmediate, keyOf, matches } from './condition.ts';
import { type Found, type QueuedSlot, queueFound, triggerEvent } from './queue.ts';
import { type TriggerRow, triggerColumns } from './rows.ts';

/** Longest chain of triggers that fire triggers. */
const depthMax = 4;
const pageMax = 500;

const holdTail = statement(
  'triggers.tail',
  `select position, exists (select 1 from triggers where state = 'active' and on_type is not null) as "isArmed", andon_now() as now
   from trigger_tail for update skip locked`,
);
const moveTail = statement('triggers.moveTail', 'update trigger_tail set position = $1');
const skipTail = statement(
  'triggers.skipTail',
  'update trigger_tail set position = p.latest from (select coalesce(max(position), 0) as latest from events) p where position < p.latest',
);
const listening = statement(
  'triggers.listening',
  `select ${triggerColumns}, from_position as "fromPosition" from triggers
   where state = 'active' and (on_type, project) in (select * from unnest($1::text[], $2::text[])) order by id for update`,
);
const readTallies = statement(
  'triggers.tallies',
  `select trigger, key, times from trigger_tallies where (trigger, key) in (select * from unnest($1::text[], $2::text[]))`,
);
const putTallies = statement(
  'triggers.putTallies',
  `insert into trigger_tallies (trigger, key, times)
   select t->>'trigger', t->>'key', array(select to_timestamp(x::text::float8 / 1000) from jsonb_array_elements(t->'times') as given(x))
   from jsonb_array_elements($1::jsonb) as given(t)
   on conflict (trigger, key) do update set times = excluded.times, at = andon_now()`,
);
const dropTallies = statement(
  'triggers.dropTallies',
  `delete from trigger_tallies where (trigger, key) in (select * from unnest($1::text[], $2::text[]))`,
);
const putRefused = statement(
  'triggers.putRefused',
  `with put as (insert into trigger_fires (trigger, slot, slot_at, outcome, error, causes)
     values ($1, $2, $3, 'refused', $4::jsonb, $5) on conflict do nothing returning trigger)
   update triggers set refused = refused + 1, last_at = andon_now(), last_outcome = 'refused' where id in (select trigger from put)`,
);

type Listening = TriggerRow & { readonly fromPosition: number };

/**
 * Reads every event of the log once, over all gateways, in the order of positions, and queues the slots of
 * triggers that fire. Counts and the position reached change in one transaction. Returns the number of queued
 * slots.
 */
export async function tickEvents(store: Store): Promise<number> {
  let count = 0;
  for (;;) {
    const page = await store.transaction((tx) => tailPage(tx));
    count += page.slots;
    if (page.events < pageMax) return count;
  }
}

const nothing = { events: 0, slots: 0 };

async function tailPage(tx: Tx): Promise<{ events: number; slots: number }> {
  const [tail] = await tx.rows<{ position: number; isArmed: boolean; now: Date }>(holdTail);
  // Another gateway is reading the events.
  if (tail === undefined) return nothing;
  if (!tail.isArmed) {
    await tx.rows(skipTail);
    return nothing;
  }
  const events = await eventsAfter(tx, tail.position, null, pageMax);
  const last = events.at(-1);
  if (last === undefined) return nothing;
  tx.later(moveTail, [last.position]);
  const kinds = new Map(events.map((event) => [`${event.type} ${event.project}`, event]));
  const heard = [...kinds.values()];
  const triggers = await tx.rows<Listening>(listening, [
    heard.map(({ type }) => type),
    heard.map(({ project }) => project),
  ]);
  const found = await evaluate(tx, events, triggers);
  const slots = await queueFound(tx, await withoutLoops(tx, found), tail.now.getTime());
  return { events: events.length, slots: slots.length };
}

interface Fired {
  readonly row: Listening;
  readonly events: ChainedEvent[];
}

const separator = '\u001f';

async function evaluate(
  tx: Tx,
  events: readonly ChainedEvent[],
  triggers: readonly Listening[],
): Promise<Fired[]> {
  const tallies = await talliesOf(tx, events, triggers);
  const touched = new Set<string>();
  const found = triggers.map((row): Fired => {
    const fired = events.filter((event) => {
      if (!concerns(row, event)) return false;
      if (isImmediate(row.spec)) return matches(row.spec, event);
      const key = `${row.id}${separator}${keyOf(row.spec, event)}`;
      const next = counted(row.spec, tallies.get(key) ?? [], { ...event, atMs: Date.parse(event.at) });
      tallies.set(key, next.tally);
      touched.add(key);
      return next.fires;
    });
    return { row, events: fired };
  });
  writeTallies(tx, tallies, touched);
  return found.filter(({ events: fired }) => fired.length > 0);
}

const concerns = ({ spec, project, fromPosition }: Listening, event: ChainedEvent): boolean =>
  event.type === spec.on && event.project === project && event.position > fromPosition;

async function talliesOf(
  tx: Tx,
  events: readonly ChainedEvent[],
  triggers: readonly Listening[],
): Promise<Map<string, readonly number[]>> {
  const keys = triggers
    .filter(({ spec }) => !isImmediate(spec))
    .flatMap((row) =>
      events
        .filter((event) => concerns(row, event))
        .map((event) => [row.id, keyOf(row.spec, event)] as const),
    );
  if (keys.length === 0) return new Map();
  const rows = await tx.rows<{ trigger: string; key: string; times: Date[] }>(readTallies, [
    keys.map(([id]) => id),
    keys.map(([, key]) => key),
  ]);
  return new Map(
    rows.map(({ trigger, key, times }) => [
      `${trigger}${separator}${key}`,
      times.map((time) => time.getTime()),
    ]),
  );
}

function writeTallies(
  tx: Tx,
  tallies: ReadonlyMap<string, readonly number[]>,
  touched: ReadonlySet<string>,
): void {
  const all = [...touched].map((text) => {
    const [trigger = '', key = ''] = text.split(separator);
    return { trigger, key, times: tallies.get(text) ?? [] };
  });
  const kept = all.filter(({ times }) => times.length > 0);
  const empty = all.filter(({ times }) => times.length === 0);
  if (kept.length > 0) tx.later(putTallies, [jsonText(kept)]);
  if (empty.length > 0)
    tx.later(dropTallies, [empty.map(({ trigger }) => trigger), empty.map(({ key }) => key)]);
}

/** The fires without those caused by the trigger itself, which are recorded as refused. */
async function withoutLoops(tx: Tx, fired: readonly Fired[]): Promise<Found[]> {
  const causes = await readCauses(
    tx,
    fired.flatMap(({ events }) => events),
  );
  return fired.map(({ row, events }) => {
    const slots: QueuedSlot[] = [];
    for (const event of events) {
      const before = causes.get(event.id) ?? [];
      const slot = slotOf(event, before);
      if (before.includes(row.id) || before.length >= depthMax) refuse(tx, row, slot);
      else slots.push(slot);
    }
    return { row, slots, missed: 0 };
  });
}

function refuse(tx: Tx, row: TriggerRow, { slot, atMs, cause }: QueuedSlot): void {
  const error = [{ code: 'trigger.depth', subject: `trigger/${row.name}`, found: cause.causes.join(' -> ') }];
  tx.later(putRefused, [row.id, slot, new Date(atMs), jsonText(error), [...cause.causes]]);
  const data = { trigger: row.id, slot, code: 'trigger.depth', causes: cause.causes };
  appendEvents(tx, [triggerEvent(row, 'trigger.refused', data)]);
}

const dataBytesMax = 16_384;

/** A slot named by the position of its event, with the event in the form for outsiders. */
function slotOf(event: ChainedEvent, causes: readonly string[]): QueuedSlot {
  const { position, id, type, actor, subject, at, data } = event;
  const task = taskOf(event);
  const shown = JSON.stringify(data).length > dataBytesMax ? { omitted: 'too large' } : data;
  return {
    slot: `event/${position}`,
    atMs: Date.parse(at),
    cause: {
      causes,
      event: { position, id, type, actor, subject, at, data: shown },
      ...defined({ task }),
    },
  };
}
