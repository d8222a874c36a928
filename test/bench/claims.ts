import { makeWorkerUtils, run as runGraphile } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';
import { callOf } from '../../src/gateway/door/admission.ts';
import { directProcedures } from '../../src/gateway/door/procedure.ts';
import { createRouter } from '../../src/gateway/routers/index.ts';
import type { ClaimAnswer } from '../../src/gateway/routers/task-claim.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { analyse, freshDatabase } from './support/databases.ts';
import { type BenchGateway, startBenchGateway } from './support/gateway.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const jobs = Number(process.env.JOBS ?? 5000);
const levels = [1, 8, 32];

type Rate = (clients: number) => Promise<number>;

/**
 * Counts jobs from the moment at which every client has done two: connections are open and statements are prepared by
 * then, for every contender alike. The tables of ours and of the peers are analysed before, as PostgreSQL does it by itself
 * after a minute.
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

/** The least that claiming can be: one statement to take a row, one to end it. */
function bare(server: PostgresServer): Rate {
  return async (clients) => {
    const pool = new pg.Pool({ connectionString: await freshDatabase(server, 'bench_bare'), max: clients });
    await pool.query(
      'create table jobs (id int primary key, state text not null); create index on jobs (state, id)',
    );
    await pool.query(`insert into jobs select n, 'ready' from generate_series(1, ${jobs}) n`);
    // Not analysed: the planner would walk what is done by the primary key then, and the reference would be a slow one.
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

/** Tasks with a need each (a tenth starts the chains), so that dependencies are part of what is measured. */
function benchPlan(): string {
  const tasks = Array.from(
    { length: jobs },
    (_, n) => `  t${n}: { title: t, phase: build, done: artefact${n % 10 === 0 ? '' : ', needs: [root]'} }`,
  );
  return `version: 1\nproject: bench\ndone: landed\nphases: [build]\ntasks:\n  root: { title: root, phase: build, done: artefact }\n${tasks.join('\n')}\n`;
}

async function openBench(
  server: PostgresServer,
  connectionsMax: number,
): Promise<BenchGateway & { readonly claimant: string }> {
  const databaseUrl = await freshDatabase(server, 'bench_andon');
  const gateway = await startBenchGateway({ databaseUrl, connectionsMax });
  const { app, owner } = gateway;
  await owner.project.create.mutate({ project: 'bench' });
  await owner.plan.put.mutate({ project: 'bench', text: benchPlan() });
  // The root is done before the clock starts; what needs it is ready then.
  await app.gateway.store.rows({
    name: '',
    text: `update tasks set state = case when id = 'root' then 'done' else 'ready' end where project = 'bench'`,
  });
  await analyse(databaseUrl);
  const minted = await owner.token.mint.mutate({
    project: 'bench',
    agent: 'agent:bench',
    cap: { tier: 'implementer', w: ['**'] },
  });
  return { ...gateway, claimant: minted.token ?? '' };
}

/** Claim and hand over through the door: token, lattice, lease, fence, needs, decision, audit events. */
function andon(server: PostgresServer, cpu: number[]): Rate {
  return async (clients) => {
    await using bench = await openBench(server, Math.max(4, clients));
    const { app, claimant } = bench;
    const procedures = directProcedures(createRouter(app.gateway));
    const claim = procedures.get('task.claim');
    const submit = procedures.get('change.submit');
    if (claim === undefined || submit === undefined) throw new Error('no such procedure');
    const before = process.cpuUsage();
    const found = await rate(clients, async () => {
      const call = callOf(await app.gateway.tokens.authenticate(`Bearer ${claimant}`));
      const asked = claim.input.parse({ project: 'bench' });
      const { task } = (await claim.run(call, asked)) as ClaimAnswer;
      if (task === null) return false;
      const offered = { project: 'bench', task: task.id, epoch: task.epoch, artefact: 'report.md' };
      await submit.run(call, submit.input.parse(offered));
      return true;
    });
    const used = process.cpuUsage(before);
    cpu.push((used.user + used.system) / 1000 / (jobs * 2));
    return found;
  };
}

function silentLogger(): NonNullable<Parameters<typeof runGraphile>[0]['logger']> {
  const { Logger } = graphileLogger;
  return new Logger(() => () => {});
}

const graphileLogger = await import('graphile-worker');

/** Claim plus complete on PostgreSQL beside a bare SKIP LOCKED loop, graphile-worker and pg-boss, in one run. */
export async function run(): Promise<BenchTable> {
  const server = await startPostgres(['synchronous_commit=off']);
  const cpu: number[] = [];
  const rows: BenchRow[] = [];
  try {
    const contenders: [string, Rate][] = [
      ['bare SKIP LOCKED loop', bare(server)],
      ['graphile-worker', graphile(server)],
      ['pg-boss', boss(server)],
      ['Andon', andon(server, cpu)],
    ];
    for (const clients of levels) {
      const rates = new Map<string, number>();
      for (const [name, measure] of contenders) rates.set(name, await measure(clients));
      const reference = rates.get('bare SKIP LOCKED loop') ?? 1;
      const peers = Math.max(rates.get('graphile-worker') ?? 0, rates.get('pg-boss') ?? 0);
      for (const [name, perSecond] of rates) {
        const ours = name === 'Andon';
        const goal = ours
          ? {
              goal: `0.50 of bare, above ${Math.round(peers)}/s`,
              ok: perSecond / reference >= 0.5 && perSecond > peers,
            }
          : {};
        rows.push({
          what: `${name}, ${clients} claimants`,
          value: `${Math.round(perSecond)}/s`,
          ratio: `${(perSecond / reference).toFixed(2)} of bare`,
          ...goal,
        });
      }
    }
    const worst = Math.max(...cpu);
    rows.push({
      what: 'CPU of the gateway per mutating call',
      value: `${worst.toFixed(2)} ms`,
      goal: '5 ms',
      ok: worst <= 5,
    });
  } finally {
    await server.stop();
  }
  return { title: 'claim plus complete on PostgreSQL, one job at a time, synchronous_commit off', rows };
}

await runWhenMain(import.meta.url, run);
