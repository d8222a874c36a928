import { makeWorkerUtils, run as runGraphile } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';
import { callOf } from '../../src/gateway/admission/admission.ts';
import { directProcedures } from '../../src/gateway/admission/procedure.ts';
import { createRouter } from '../../src/gateway/router.ts';
import type { ClaimAnswer } from '../../src/gateway/tasks/claim.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { analyse, freshDatabase } from './support/databases.ts';
import { type BenchGateway, startBenchGateway } from './support/gateway.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const jobs = Number(process.env.JOBS ?? 5000);
const levels = [1, 8, 32];

type Rate = (clients: number) => Promise<number>;

/**
 * Counts jobs from the moment at which every client has done two: connections are open and statements are
 * prepared by then, for every contender alike. The tables of Andon and of the peers are analysed before, as
 * PostgreSQL does by itself after a minute.
 */
function meter(clients: number): { tick(): void; rate(): number } {
  let done = 0;
  let started = 0;
  const warm = clients * 2;
  return {
    tick: () => {
      done++;
      if (done === warm) started = performance.now();
    },
    rate: () => ((done - warm) * 1000) / (performance.now() - started),
  };
}

/** Runs `one` on `clients` loops until the jobs are gone; jobs per second. */
async function rate(clients: number, one: () => Promise<boolean>): Promise<number> {
  const counted = meter(clients);
  const loop = async (): Promise<void> => {
    while (await one()) counted.tick();
  };
  await Promise.all(Array.from({ length: clients }, loop));
  return counted.rate();
}

/** The lower bound of claiming: one statement to take a row, one to end it. */
function bare(server: PostgresServer): Rate {
  return async (clients) => {
    const pool = new pg.Pool({ connectionString: await freshDatabase(server, 'bench_bare'), max: clients });
    await pool.query(
      'create table jobs (id int primary key, state text not null); create index on jobs (state, id)',
    );
    await pool.query(`insert into jobs select n, 'ready' from generate_series(1, ${jobs}) n`);
    // Not analysed: the planner would walk finished jobs by the primary key then, and the reference would be
    // a slow one.
    const take = {
      name: 'take',
      text: `update jobs set state = 'running' where id = (select id from jobs where state = 'ready' order by id limit 1 for update skip locked) returning id`,
    };
    const end = { name: 'end', text: `update jobs set state = 'done' where id = $1` };
    const found = await rate(clients, async () => {
      const { rows } = await pool.query<{ id: number }>(take);
      if (rows[0] === undefined) return false;
      await pool.query({ ...end, values: [rows[0].id] });
      return true;
    });
    await pool.end();
    return found;
  };
}

function boss(server: PostgresServer): Rate {
  return async (clients) => {
    const url = await freshDatabase(server, 'bench_boss');
    const queue = new PgBoss({
      connectionString: url,
      max: clients,
      schedule: false,
      supervise: false,
    });
    queue.on('error', () => {});
    await queue.start();
    await queue.createQueue('bench');
    await queue.insert(Array.from({ length: jobs }, () => ({ name: 'bench', data: {} })));
    await analyse(url);
    const found = await rate(clients, async () => {
      const [job] = await queue.fetch('bench');
      if (job === undefined) return false;
      await queue.complete('bench', job.id);
      return true;
    });
    await queue.stop({ graceful: false });
    return found;
  };
}

function graphile(server: PostgresServer): Rate {
  return async (clients) => {
    const url = await freshDatabase(server, 'bench_graphile');
    const pool = new pg.Pool({ connectionString: url, max: clients + 4 });
    const utils = await makeWorkerUtils({ pgPool: pool });
    await utils.migrate();
    await pool.query(`select graphile_worker.add_job('bench', '{}'::json) from generate_series(1, ${jobs})`);
    await analyse(url);
    let done = 0;
    const { promise, resolve } = deferred();
    const counted = meter(clients);
    const runner = await runGraphile({
      pgPool: pool,
      concurrency: clients,
      noHandleSignals: true,
      logger: silentLogger(),
      taskList: {
        bench: async () => {
          done++;
          counted.tick();
          if (done === jobs) resolve();
        },
      },
    });
    await promise;
    const found = counted.rate();
    await runner.stop();
    await utils.release();
    await pool.end();
    return found;
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Tasks with a need each (a tenth starts the chains), so that dependencies are part of the measurement. */
function benchPlan(): string {
  const tasks = Array.from(
    { length: jobs },
    (_, n) => `  t${n}: { title: t, phase: build, done: artefact${n % 10 === 0 ? '' : ', needs: [root]'} }`,
  );
  return `version: 1\nproject: bench\ndone: landed\nphases: [build]\ntasks:\n  root: { title: root, phase: build, done: artefact }\n${tasks.join('\n')}\n`;
}

/** The gateway has as many connections as by default: a claim waits here for one, and not in the database for a core. */
async function openBench(
  databaseUrl: string | undefined,
): Promise<BenchGateway & { readonly claimant: string }> {
  const gateway = await startBenchGateway(databaseUrl === undefined ? {} : { databaseUrl });
  const { app, owner } = gateway;
  await owner.project.create.mutate({ project: 'bench' });
  await owner.plan.put.mutate({ project: 'bench', text: benchPlan() });
  // The root is done before the clock starts; the tasks that need it are ready then.
  await app.gateway.store.rows({
    name: '',
    text: `update tasks set state = case when id = 'root' then 'done' else 'ready' end where project = 'bench'`,
  });
  if (databaseUrl !== undefined) await analyse(databaseUrl);
  const minted = await owner.token.mint.mutate({
    project: 'bench',
    agent: 'agent:bench',
    cap: { tier: 'implementer', w: ['**'] },
  });
  return { ...gateway, claimant: minted.token ?? '' };
}

interface Measured {
  readonly perSecond: number;
  /** Median of single calls, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the gateway's process for one pair of calls, in milliseconds. */
  readonly cpuMs: number;
}

/** Claim and hand over through admission: token, lattice, lease, fence, needs, decision, audit events. */
async function andon(databaseUrl: string | undefined, clients: number): Promise<Measured> {
  await using bench = await openBench(databaseUrl);
  const { app, claimant } = bench;
  const procedures = directProcedures(createRouter(app.gateway));
  const claim = procedures.get('task.claim');
  const submit = procedures.get('change.submit');
  if (claim === undefined || submit === undefined) throw new Error('no such procedure');
  const calls: number[] = [];
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const answer = await work();
    calls.push(performance.now() - started);
    return answer;
  };
  const pair = async (): Promise<boolean> => {
    const call = callOf(await app.gateway.tokens.authenticate(`Bearer ${claimant}`));
    const asked = claim.input.parse({ project: 'bench' });
    const { task } = (await timed(() => claim.run(call, asked))) as ClaimAnswer;
    if (task === null) return false;
    const offered = { project: 'bench', task: task.id, epoch: task.epoch, artefact: 'report.md' };
    await timed(() => submit.run(call, submit.input.parse(offered)));
    return true;
  };
  // Statements are prepared and code is compiled before the clock starts.
  const warmUp = Math.min(500, Math.floor(jobs / 10));
  for (let n = 0; n < warmUp; n++) await pair();
  calls.length = 0;
  const before = process.cpuUsage();
  const perSecond = await rate(clients, pair);
  const used = process.cpuUsage(before);
  const pairs = jobs - warmUp;
  calls.sort((a, b) => a - b);
  const at = (share: number): number => calls[Math.floor(calls.length * share)] ?? 0;
  return { perSecond, p50: at(0.5), p99: at(0.99), cpuMs: (used.user + used.system) / 1000 / pairs };
}

function silentLogger(): NonNullable<Parameters<typeof runGraphile>[0]['logger']> {
  const { Logger } = graphileLogger;
  return new Logger(() => () => {});
}

const graphileLogger = await import('graphile-worker');

const ms = (value: number): string => `${value.toFixed(2)} ms`;

/**
 * Andon's figures at one level, with their limits if they have any. A team of 200 agents makes fewer than ten
 * claims a second.
 */
function ownRows(clients: number, { perSecond, p50, p99, cpuMs }: Measured, reference: number): BenchRow[] {
  const what = `Andon, ${clients} claimants`;
  const ratio = `${(perSecond / reference).toFixed(2)} of bare`;
  const rate = { what, value: `${Math.round(perSecond)} pairs/s`, ratio };
  const cpu = { what: `${what}, CPU of the gateway a pair`, value: ms(cpuMs), goal: '1 ms', ok: cpuMs <= 1 };
  if (clients === 1)
    return [rate, { what: `${what}, call p50`, value: ms(p50), goal: '1 ms', ok: p50 <= 1 }, cpu];
  if (clients < 32) return [rate, cpu];
  const tail = { what: `${what}, call p99`, value: ms(p99), goal: '150 ms', ok: p99 <= 150 };
  return [{ ...rate, goal: '500/s', ok: perSecond >= 500 }, tail, cpu];
}

/** Claim plus complete beside a bare SKIP LOCKED loop, graphile-worker and pg-boss on PostgreSQL, in one run; then on PGlite. */
export async function run(): Promise<BenchTable> {
  const server = await startPostgres(['synchronous_commit=off']);
  const rows: BenchRow[] = [];
  try {
    const peers: [string, Rate][] = [
      ['bare SKIP LOCKED loop', bare(server)],
      ['graphile-worker', graphile(server)],
      ['pg-boss', boss(server)],
    ];
    for (const clients of levels) {
      let reference = 1;
      for (const [name, measure] of peers) {
        const perSecond = await measure(clients);
        if (name.startsWith('bare')) reference = perSecond;
        const ratio = `${(perSecond / reference).toFixed(2)} of bare`;
        rows.push({ what: `${name}, ${clients} claimants`, value: `${Math.round(perSecond)}/s`, ratio });
      }
      const measured = await andon(await freshDatabase(server, 'bench_andon'), clients);
      rows.push(...ownRows(clients, measured, reference));
    }
  } finally {
    await server.stop();
  }
  const { perSecond } = await andon(undefined, 1);
  rows.push({
    what: 'Andon on PGlite, 1 claimant',
    value: `${Math.round(perSecond)} pairs/s`,
    goal: '200/s',
    ok: perSecond >= 200,
  });
  return { title: 'claim plus complete, one job at a time, synchronous_commit off on PostgreSQL', rows };
}

await runWhenMain(import.meta.url, run);
