import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Logger, makeWorkerUtils, run as runGraphile } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';
import pino from 'pino';
import { type App, startApp } from '../../src/app.ts';
import { configure } from '../../src/config.ts';
import { createClient } from '../../src/gateway/client.ts';
import { statement } from '../../src/store/store.ts';
import { tickEvents } from '../../src/triggers/tail.ts';
import { tellDigests, tickTimes } from '../../src/triggers/tick.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

const armed = Number(process.env.TRIGGERS ?? 10_000);
const ticks = 300;
const eventsCount = 300;

const plan = `
version: 1
project: bench
done: artefact
phases: [build]
limits: { runs: 10000 }
agents:
  fixer: { tier: validator, adapter: command, run: "true" }
tasks:
  t: { title: t, phase: build, done: artefact }
triggers:
  daily: { every: 1d, notify: "human:ada" }
  asked: { on: question.asked, perHour: 3600, overlap: allow, spawn: fixer }
`;

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;
const ms = (value: number): string => `${value.toFixed(2)} ms`;

async function freshDatabase(server: PostgresServer, name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.query(`create database ${name}`);
  await admin.end();
  return server.url.replace(/\/postgres$/, `/${name}`);
}

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
    await tickTimes(store, () => {});
    await tellDigests(store);
    await tickEvents(store);
    found.push(performance.now() - began);
  }
  return found;
}

/** From the row of the event to the row of the fire that asks for a run, by the database's clock. */
async function eventToFire(app: App, url: string, token: string): Promise<number[]> {
  const client = createClient({ url, token: () => token });
  const { store } = app.gateway;
  const count = statement('', `select count(*)::int as n from trigger_fires where slot like 'event/%'`);
  for (let n = 1; n <= eventsCount; n++) {
    // Under load the chainer places events in batches; here one comes at a time, as it does when something breaks.
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

/** graphile-worker: from the row of a job to the start of its task, which its listener tells it of. */
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
    const began = performance.now();
    await queue.getSchedules();
    found.push(performance.now() - began);
  }
  await pool.end();
  await queue.stop({ graceful: false });
  return found;
}

interface Row {
  readonly what: string;
  readonly value: string;
  readonly ratio?: string;
  readonly goal?: string;
  readonly ok?: boolean;
}

/** Ticks over armed triggers with growing history, and events that fire, beside graphile-worker and pg-boss. */
export async function run(): Promise<{ title: string; rows: Row[] }> {
  const server = await startPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'andon-bench-'));
  try {
    const databaseUrl = await freshDatabase(server, 'bench_andon');
    const config = configure(
      { dataFolder: join(folder, 'data'), stateFolder: join(folder, 'state'), databaseUrl },
      {},
    );
    const app = await startApp(config, { log: pino({ level: 'warn' }), purpose: 'test' });
    try {
      return { title: `${armed} armed triggers on PostgreSQL`, rows: await measure(app, server) };
    } finally {
      await app.close();
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(app: App, server: PostgresServer): Promise<Row[]> {
  const token = readFileSync(app.owner.file, 'utf8').trim();
  const owner = createClient({ url: app.url, token: () => token });
  await owner.project.create.mutate({ project: 'bench' });
  await owner.plan.put.mutate({ project: 'bench', text: plan });
  const latency = await eventToFire(app, app.url, token);
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
  const rows: Row[] = [];
  let first = 0;
  let before = 0;
  for (const past of [10_000, 100_000, 1_000_000]) {
    await grow(app, before, past);
    before = past;
    await store.rows(statement('', 'analyze triggers, trigger_fires, trigger_due'));
    const cost = await tickCost(app);
    const p99 = quantile(cost, 0.99);
    first ||= quantile(cost, 0.5);
    rows.push({
      what: `tick, ${past} past fires: p50 / p99`,
      value: `${ms(quantile(cost, 0.5))} / ${ms(p99)}`,
      ratio: `${(quantile(cost, 0.5) / first).toFixed(2)}x the first`,
      goal: '5 ms p99',
      ok: p99 <= 5,
    });
  }
  const theirTick = await boss(server);
  rows.push({ what: `pg-boss: reading its ${armed} schedules, p50`, value: ms(quantile(theirTick, 0.5)) });
  const theirs = await graphile(server);
  rows.push({
    what: 'event to a run asked for, one at a time: p50 / p99',
    value: `${ms(quantile(latency, 0.5))} / ${ms(quantile(latency, 0.99))}`,
    goal: '50 ms p99',
    ok: quantile(latency, 0.99) <= 50,
  });
  rows.push({
    what: 'graphile-worker: job to its task: p50 / p99',
    value: `${ms(quantile(theirs, 0.5))} / ${ms(quantile(theirs, 0.99))}`,
  });
  return rows;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { title, rows } = await run();
  console.log(title);
  console.table(rows);
  process.exit(0);
}
