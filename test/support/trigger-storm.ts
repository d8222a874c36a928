import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countSlots } from '../../src/schedule/slots.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { listTriggers, type TriggerRow, timedOf } from '../../src/triggers/rows.ts';
import { createDatabase, shiftClock } from './engines.ts';
import { type FaultGateway, startFaultGateway } from './fault-gateway.ts';
import { randomFrom } from './fault-random.ts';
import { planHead } from './plan-head.ts';
import { waitUntil } from './wait.ts';

const project = 'shop';
const hourMs = 3_600_000;

/** A schedule of each kind. Whole ones lose no fire in 48 hours: they make up for up to a hundred slots. */
const schedules: readonly { readonly name: string; readonly whole?: true; readonly spec: string }[] = [
  { name: 'half-hours', whole: true, spec: 'every: 30m, misfire: all, most: 100, catchUp: 31d' },
  { name: 'shaken', whole: true, spec: 'every: 1h, jitter: 50m, misfire: all, most: 100, catchUp: 31d' },
  {
    name: 'berlin',
    whole: true,
    spec: 'cron: "10,40 * * * *", zone: Europe/Berlin, misfire: all, most: 100, catchUp: 31d',
  },
  { name: 'latest', spec: 'every: 5m, misfire: all, most: 20, catchUp: 31d' },
  { name: 'once', spec: 'every: 7m, misfire: once' },
  { name: 'skip', spec: 'every: 1m, misfire: skip' },
  { name: 'nightly', spec: 'cron: "30 2 * * *", zone: America/Santiago, misfire: once, catchUp: 31d' },
];

/** A plan with so many triggers of each schedule. */
const planOf = (copies: number): string => `
${planHead({ project, done: 'artefact' })}
triggers:
${schedules
  .flatMap(({ name, spec }) =>
    Array.from(
      { length: copies },
      (_, n) => `  ${name}-${n}: { ${spec}, perHour: 3600, notify: "human:ada" }\n`,
    ),
  )
  .join('')}`;

const isWhole = (trigger: string): boolean =>
  schedules.some(({ name, whole }) => whole === true && trigger.startsWith(`${name}-`));

export interface StormReport {
  readonly fired: number;
  readonly missed: number;
  readonly kills: number;
  readonly downtimeHours: number;
  readonly breaches: readonly string[];
}

/** Runs five gateways on one database while gateways are killed and time jumps, until so many slots were fired. */
export async function storm(options: {
  slots: number;
  seed: number;
  gateways: number;
  /** Number of triggers of each schedule. */
  copies: number;
}): Promise<StormReport> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-storm-'));
  const databaseUrl = await createDatabase();
  const store = await openPostgres({ url: databaseUrl });
  const next = randomFrom(options.seed);
  const start = () => startFaultGateway({ folder, databaseUrl });
  let alive: FaultGateway[] = [];
  let kills = 0;
  let downtimeMs = 0;
  try {
    alive = await Promise.all(Array.from({ length: options.gateways }, start));
    await alive[0]?.owner.project.create.mutate({ project });
    await alive[0]?.owner.plan.put.mutate({ project, text: planOf(options.copies) });
    const first = await listTriggers(store, project);
    for (let round = 0; (await counts(store)).fired < options.slots; round++) {
      // Some gateways die before time passes, some in the middle of its effects; in the first round none runs
      // while it passes.
      const down = round === 0 || next() < 0.3 ? alive : alive.filter(() => next() < 0.3);
      const early = round === 0 || next() < 0.5;
      const kill = () => Promise.all(down.map((gateway) => gateway.destroy()));
      if (early) await kill();
      const jumpMs = Math.floor(next() < 0.75 ? next() * 48 * hourMs : next() * hourMs);
      await shiftClock(store, jumpMs);
      if (down.length === alive.length && early) downtimeMs += jumpMs;
      await new Promise((resolve) => setTimeout(resolve, next() * 1500));
      if (!early) await kill();
      kills += down.length;
      alive = alive.filter((gateway) => !down.includes(gateway));
      alive.push(...(await Promise.all(down.map(start))));
      await waitUntil(async () => (await counts(store)).waiting === 0, 60_000);
    }
    const found = await counts(store);
    const breaches = [...(await doubles(store)), ...lost(first, await listTriggers(store, project))];
    return { fired: found.fired, missed: found.missed, kills, downtimeHours: downtimeMs / hourMs, breaches };
  } finally {
    await Promise.all(alive.map((gateway) => gateway.close()));
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const countAll = statement(
  'storm.counts',
  `select (select count(*)::int from trigger_fires where outcome = 'fired') as fired,
     (select coalesce(sum(missed), 0)::int from triggers) as missed,
     (select count(*)::int from trigger_due) + (select count(*)::int from triggers where next_at <= andon_now()) as waiting`,
);

async function counts(store: Store): Promise<{ fired: number; missed: number; waiting: number }> {
  const [row] = await store.rows<{ fired: number; missed: number; waiting: number }>(countAll);
  return row ?? { fired: 0, missed: 0, waiting: 0 };
}

const countTwice = statement(
  'storm.doubles',
  `select (select count(*)::int from trigger_fires where outcome = 'fired') as rows,
     (select count(*)::int from events where type = 'trigger.fired') as events,
     (select count(distinct (data->>'trigger', data->>'slot'))::int from events where type = 'trigger.fired') as distinct,
     (select count(*)::int from messages where recipient = 'human:ada') as messages,
     (select count(*)::int from trigger_fires where outcome not in ('fired', 'missed')) as others`,
);

/** Breaches of the rule that a fire is one row, one event and one message. */
async function doubles(store: Store): Promise<string[]> {
  const [row] =
    await store.rows<Record<'rows' | 'events' | 'distinct' | 'messages' | 'others', number>>(countTwice);
  if (row === undefined) return ['no counts'];
  const { rows, events, distinct, messages, others } = row;
  const same = rows === events && rows === distinct && rows === messages && others === 0;
  return same ? [] : [`not once: ${JSON.stringify(row)}`];
}

/**
 * Slots that were neither fired nor counted as missed, from the first to the one that is waited for; whole
 * schedules may miss none.
 */
function lost(first: readonly TriggerRow[], last: readonly TriggerRow[]): string[] {
  return last.flatMap((row) => {
    const began = first.find(({ id }) => id === row.id)?.nextSlot?.getTime() ?? Number.NaN;
    const until = row.nextSlot?.getTime() ?? Number.NaN;
    const all = countSlots(timedOf(row.id, row.spec), began - 1, until - 1);
    const found: string[] = [];
    if (row.fired + row.missed !== all)
      found.push(`${row.name}: ${all} slots, ${row.fired} fired, ${row.missed} missed`);
    if (isWhole(row.name) && row.missed > 0) found.push(`${row.name}: ${row.missed} missed`);
    return found;
  });
}
