import { Logger, makeWorkerUtils, run as runGraphile } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';
import type { App } from '../../src/app.ts';
import type { Client } from '../../src/client.ts';
import { lookRound } from '../../src/gateway/triggers/round.ts';
import { statement } from '../../src/store/store.ts';
import { planHead } from '../support/plan-head.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { freshDatabase } from './support/databases.ts';
import { median, quantile, timed } from './support/figures.ts';
import { type BenchGateway, startBenchGateway } from './support/gateway.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const armed = Number(process.env.TRIGGERS ?? 10_000);
const ticks = 1000;
const eventsCount = 300;

const plan = `
${planHead({ project: 'bench', done: 'artefact' })}
limits: { runs: 10000 }
agents:
  fixer: { tier: validator, adapter: command, run: "true" }
tasks:
  t: { title: t, phase: build, done: artefact }
triggers:
  daily: { every: 1d, notify: "human:ada" }
  asked: { on: question.asked, perHour: 3600, overlap: allow, spawn: fixer }
`;

const ms = (value: number): string => `${value.toFixed(2)} ms`;

const growFires = statement(
  '',
  `insert into trigger_fires (trigger, slot, slot_at, at, outcome, causes)
   select 'trg_' || (1 + n % $3::int), 'past/' || n, now(), now() - n * interval '1 second', 'fired', '{}'
   from generate_series($1::int, $2::int) n`,
);
const growMost = 100_000;

async function grow(app: App, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += growMost)
    await app.gateway.store.rows(growFires, [at + 1, Math.min(to, at + growMost), armed]);
}

async function tickCost(app: App): Promise<number[]> {
  const { store } = app.gateway;
  const found: number[] = [];
  for (let n = 0; n < ticks; n++) {
    const began = performance.now();
    await lookRound(store, () => {});
    found.push(performance.now() - began);
  }
  return found;
}

/** Times from the row of the event to the row of the fire that requests a run, by the database's clock. */
async function eventToFire(app: App, client: Client): Promise<number[]> {
  const { store } = app.gateway;
  const count = statement('', `select count(*)::int as n from trigger_fires where slot like 'event/%'`);
  for (let n = 1; n <= eventsCount; n++) {
    // Under load the sequencer takes events in batches; here one comes at a time, as when something breaks.
    await new Promise((resolve) => setTimeout(resolve, 60));
    await client.task.ask.mutate({ project: 'bench', task: 't', question: `q${n}` });
    while (((await store.rows<{ n: number }>(count))[0]?.n ?? 0) < n)
      await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const rows = await store.rows<{ waited: number }>(
    statement(
      '',
      `select extract(epoch from f.at - f.slot_at) * 1000 as waited from trigger_fires f where slot like 'event/%' and outcome = 'fired'`,
    ),
  );
  return rows.map(({ waited }) => Number(waited));
}

/** Times of graphile-worker from the row of a job to the start of its task, which its listener learns of. */
async function graphile(server: PostgresServer): Promise<number[]> {
  const pool = new pg.Pool({ connectionString: await freshDatabase(server, 'bench_graphile'), max: 6 });
  const utils = await makeWorkerUtils({ pgPool: pool });
  await utils.migrate();
  const found: number[] = [];
  let ended: () => void = () => {};
  const runner = await runGraphile({
    pgPool: pool,
    concurrency: 4,
    noHandleSignals: true,
    logger: new Logger(() => () => undefined),
    taskList: {
      bench: async (payload) => {
        found.push(performance.now() - (payload as { began: number }).began);
        ended();
      },
    },
  });
  for (let n = 0; n < eventsCount; n++) {
    const done = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await pool.query('select graphile_worker.add_job($1, $2::json)', [
      'bench',
      JSON.stringify({ began: performance.now() }),
    ]);
    await done;
  }
  await runner.stop();
  await utils.release();
  await pool.end();
  return found;
}

/** pg-boss reads all of its schedules at every tick; this is that read alone. */
async function boss(server: PostgresServer): Promise<number[]> {
  const queue = new PgBoss({
    connectionString: await freshDatabase(server, 'bench_boss'),
    schedule: false,
    supervise: false,
  });
  queue.on('error', () => {});
  await queue.start();
  const pool = new pg.Pool({ connectionString: server.url.replace(/\/postgres$/, '/bench_boss'), max: 1 });
  await queue.createQueue('bench');
  for (let n = 0; n < armed; n += 1000) {
    const names = Array.from({ length: 1000 }, (_, i) => `q${n + i}`);
    await pool.query(
      `insert into pgboss.queue (name, policy, partition_name) select unnest($1::text[]), policy, partition_name from pgboss.queue where name = 'bench'`,
      [names],
    );
    await pool.query(
      `insert into pgboss.schedule (name, cron, timezone) select unnest($1::text[]), '0 3 * * *', 'UTC'`,
      [names],
    );
  }
  const found: number[] = [];
  for (let n = 0; n < 50; n++) {
    found.push(await timed(() => queue.getSchedules()));
  }
  await pool.end();
  await queue.stop({ graceful: false });
  return found;
}

/** Ticks over armed triggers with growing history, and events that fire, beside graphile-worker and pg-boss. */
export async function run(): Promise<BenchTable> {
  const server = await startPostgres();
  try {
    const databaseUrl = await freshDatabase(server, 'bench_andon');
    await using gateway = await startBenchGateway({ databaseUrl });
    return { title: `${armed} armed triggers on PostgreSQL`, rows: await measure(gateway, server) };
  } finally {
    await server.stop();
  }
}

async function measure(
  { app, owner }: Pick<BenchGateway, 'app' | 'owner'>,
  server: PostgresServer,
): Promise<BenchRow[]> {
  await owner.project.create.mutate({ project: 'bench' });
  await owner.plan.put.mutate({ project: 'bench', text: plan });
  const latency = await eventToFire(app, owner);
  const { store } = app.gateway;
  await store.rows(
    statement(
      '',
      `insert into triggers (id, project, name, kind, spec, source, owner, owner_gid, owner_epoch, state, next_at, next_slot)
       select 'trg_' || n, project, 'n' || n, kind, spec, 'call', owner, owner_gid, owner_epoch, 'active',
         andon_now() + interval '1 day' + n * interval '1 second', andon_now() + interval '1 day'
       from triggers, generate_series(1, ${armed}) n where name = 'daily'`,
    ),
  );
  const rows: BenchRow[] = [];
  let first = 0;
  let before = 0;
  for (const past of [10_000, 100_000, 1_000_000]) {
    await grow(app, before, past);
    before = past;
    await store.rows(statement('', 'analyze triggers, trigger_fires, trigger_due'));
    const cost = await tickCost(app);
    const p99 = quantile(cost, 0.99);
    first ||= median(cost);
    rows.push({
      what: `tick, ${past} past fires: p50 / p99`,
      value: `${ms(median(cost))} / ${ms(p99)}`,
      ratio: `${(median(cost) / first).toFixed(2)}x the first`,
      goal: '5 ms p99',
      ok: p99 <= 5,
    });
  }
  const theirTick = await boss(server);
  rows.push({ what: `pg-boss: reading its ${armed} schedules, p50`, value: ms(median(theirTick)) });
  const theirs = await graphile(server);
  rows.push({
    what: 'event to a run asked for, one at a time: p50 / p99',
    value: `${ms(median(latency))} / ${ms(quantile(latency, 0.99))}`,
    goal: '50 ms p99',
    ok: quantile(latency, 0.99) <= 50,
  });
  rows.push({
    what: 'graphile-worker: job to its task: p50 / p99',
    value: `${ms(median(theirs))} / ${ms(quantile(theirs, 0.99))}`,
  });
  return rows;
}

await runWhenMain(import.meta.url, run);
