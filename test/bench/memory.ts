import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createClient } from '../../src/client.ts';
import { indexDecisions } from '../../src/memory/index-decisions.ts';
import { statement } from '../../src/store/store.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { waitUntil } from '../support/wait.ts';
import { freshDatabase } from './support/databases.ts';
import { median, quantile, timed } from './support/figures.ts';
import { type BenchGateway, startBenchGateway } from './support/gateway.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const project = 'shop';
const taskCount = 10_000;
const rowCount = 100_000;
const rounds = 60;

const planText = (): string => {
  const tasks = Array.from({ length: taskCount }, (_one, n) => {
    const needs = n % 3 === 0 && n > 0 ? `, needs: [t${n - 1}]` : '';
    return `  t${n}: {title: T${n}, phase: build, write: [src/m${n}/**]${needs}}`;
  });
  return `version: 1\nproject: ${project}\ndone: landed\nphases: [build]\ntasks:\n${tasks.join('\n')}\n`;
};

/** A client in a process of its own: runs the text with `call(path, init)`, and answers what it returns. */
async function asClient(gateway: BenchGateway, token: string, text: string): Promise<number> {
  const code = `const [url, token, folder] = process.argv.slice(1);
    const call = (path, init) => fetch(url + '/trpc/' + path, { ...init, headers: { 'content-type': 'application/json', authorization: 'Bearer ' + token } })
      .then(async (answer) => answer.ok ? answer.text() : Promise.reject(new Error(await answer.text())));
    (async () => { ${text} })().then((n) => console.log(n));`;
  const child = spawn(process.execPath, ['-e', code, gateway.url, token, gateway.folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await once(child, 'close');
  // No answer is no time of nought.
  if (said === '') throw new Error('the client failed');
  return Number(said);
}

/** Applies the plan; milliseconds until the answer is there. */
function applied(gateway: BenchGateway): Promise<number> {
  writeFileSync(join(gateway.folder, 'plan.json'), JSON.stringify({ project, text: planText() }));
  return asClient(
    gateway,
    gateway.token,
    `const body = require('fs').readFileSync(folder + '/plan.json'); const began = performance.now();
     await call('plan.put', { method: 'POST', body }); return performance.now() - began;`,
  );
}

/** CPU of the gateway for one briefing, in milliseconds: the client works in another process. */
async function briefingCpu(gateway: BenchGateway, token: string): Promise<number> {
  const path = `briefing.show?input=${encodeURIComponent(JSON.stringify({ project }))}`;
  const ask = (times: number) =>
    asClient(gateway, token, `for (let n = 0; n < ${times}; n++) await call('${path}'); return 0;`);
  await ask(50);
  const before = process.cpuUsage();
  await ask(200);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / 200;
}

const words =
  'cache queue token lease gate merge price order invoice stock retry index schema route event theme locale export batch audit'.split(
    ' ',
  );

/** Fills the tables with rows of differing words, as a large project would have them. */
async function fill({ app }: BenchGateway): Promise<void> {
  const { store } = app.gateway;
  const list = `array['${words.join("','")}']`;
  const word = (seed: string): string => `(${list})[1 + (hashint4(${seed}) & 2147483647) % ${words.length}]`;
  await store.rows(
    statement(
      '',
      `insert into decisions (id, project, number, question, decision, rationale, rejected, made_by, affects, roots, above)
       select 'dec_' || lpad(n::text, 26, '0'), '${project}', n, 'How does ' || ${word('n')} || ' number ' || n || ' treat ' || ${word('n * 7')} || '?',
         'It keeps ' || ${word('n * 11')} || ' beside ' || ${word('n * 13')}, 'Since ' || ${word('n * 17')} || ' waits for ' || ${word('n * 19')}, '[]', 'human:ada',
         array['src/m' || n % 5000 || '/**'], array['src/m' || n % 5000], array['', 'src', 'src/m' || n % 5000] from generate_series(1, ${rowCount}) n`,
    ),
  );
  await indexDecisions(store);
  await store.rows(
    statement(
      '',
      `insert into solutions (id, project, fingerprint, masked, error, gate, task, failed_commit, fixed_commit, fixed_by, tried, worked)
       select 'sol_' || lpad(n::text, 26, '0'), '${project}', md5(n::text), m, m, 'tests', 't1', 'a', 'b', 'agent:x', 1, 1
       from generate_series(1, ${rowCount}) n cross join lateral (select 'Error: ' || ${word('n')} || md5(n::text) || ' of ' || ${word('n * 3')} || ' is no ' || ${word('n * 5')} as m) e`,
    ),
  );
  await store.rows(
    statement(
      '',
      `insert into events (id, project, type, actor, allowed, subject, data)
       select 'evt_' || lpad(n::text, 26, '0'), '${project}', 'task.renewed', 'agent:x', true, 'task/t' || n % ${taskCount}, '{"epoch":1}' from generate_series(1, ${rowCount}) n`,
    ),
  );
  await app.gateway.store.rows(statement('', 'analyze'));
}

const waiting = statement('', 'select count(*)::int as n from events where position is null');

/** Waits until every event of the filling has its place in the log, and the gateway answers. */
async function settled({ app, url }: BenchGateway): Promise<void> {
  await waitUntil(async () => (await app.gateway.store.rows<{ n: number }>(waiting))[0]?.n === 0, 300_000);
  // The filling took longer than an idle connection is kept.
  await waitUntil(async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true);
}

interface Sampled {
  readonly p50: number;
  readonly p99: number;
  readonly bytes: number;
}

/** Milliseconds of a query, and the size of its answer. */
async function sampled(work: () => Promise<unknown>): Promise<Sampled> {
  const times: number[] = [];
  let bytes = 0;
  for (let n = 0; n < 10; n++) await work();
  for (let n = 0; n < rounds; n++)
    times.push(
      await timed(async () => {
        bytes = JSON.stringify(await work()).length;
      }),
    );
  return { p50: median(times), p99: quantile(times, 0.99), bytes };
}

/** The whole program, as an agent starts it. */
async function wholeContinue(gateway: BenchGateway): Promise<number> {
  const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
  const env = {
    PATH: process.env.PATH,
    ANDON_URL: gateway.url,
    ANDON_PROJECT: project,
    ANDON_TOKEN: gateway.token,
    HOME: gateway.folder,
  };
  const times: number[] = [];
  for (let n = 0; n < 8; n++)
    times.push(
      await timed(async () => {
        const child = spawn(process.execPath, [main, 'continue'], {
          env,
          stdio: 'ignore',
          cwd: gateway.folder,
        });
        await once(child, 'close');
      }),
    );
  return median(times);
}

const row = (what: string, { p50, p99 }: Sampled, limit: number): BenchRow => ({
  what,
  value: `${p50.toFixed(1)} ms (p99 ${p99.toFixed(1)})`,
  goal: `${limit} ms`,
  ok: p50 <= limit,
});

interface Prepared {
  /** Milliseconds that applying the plan took. */
  readonly planMs: number;
  /** Token of an agent that holds a task. */
  readonly token: string;
}

/** A project of 10,000 tasks with full tables, and an agent at work in it. */
async function prepared(gateway: BenchGateway): Promise<Prepared> {
  const { owner, url } = gateway;
  await owner.project.create.mutate({ project });
  const planMs = await applied(gateway);
  await fill(gateway);
  await settled(gateway);
  const { token = '' } = await owner.token.mint.mutate({ project, agent: 'agent:builder', cap: {} });
  await createClient({ url, token: () => token }).task.claim.mutate({ project, task: 't4' });
  return { planMs, token };
}

/** CPU of the gateway alone for a briefing: its database is another process. */
async function briefingCpuOnPostgres(): Promise<number> {
  const server = await startPostgres(['synchronous_commit=off']);
  try {
    await using gateway = await startBenchGateway({
      databaseUrl: await freshDatabase(server, 'bench_memory'),
    });
    const { token } = await prepared(gateway);
    return await briefingCpu(gateway, token);
  } finally {
    await server.stop();
  }
}

/** Memory: briefings, decisions, solutions and tasks in a project of 10,000 tasks with 100,000 rows of each. */
export async function run(): Promise<BenchTable> {
  const apart = await briefingCpuOnPostgres();
  await using gateway = await startBenchGateway();
  const { owner, url } = gateway;
  const { planMs: plan, token } = await prepared(gateway);
  const agent = createClient({ url, token: () => token });
  const briefing = await sampled(() => agent.briefing.show.query({ project }));
  const cpu = await briefingCpu(gateway, token);
  let n = 0;
  const search = await sampled(() => {
    n++;
    const query = `how does ${words[n % words.length]} number ${n * 37} treat ${words[(n * 7) % words.length]}`;
    return owner.decision.search.query({ project, query });
  });
  const common = await sampled(() => owner.decision.search.query({ project, query: 'cache beside queue' }));
  const same = await sampled(() =>
    owner.solution.search.query({ project, error: 'Error: nothing like it at all here', limit: 5 }),
  );
  const pageRows = await sampled(() => owner.task.page.query({ project, q: {}, limit: 100 }));
  const whole = await wholeContinue(gateway);
  return {
    title: `memory: ${taskCount} tasks, ${rowCount} decisions, solutions and events, PGlite`,
    rows: [
      {
        what: 'plan apply of 10,000 tasks',
        value: `${(plan / 1000).toFixed(1)} s`,
        goal: '4 s',
        ok: plan <= 4000,
      },
      row('briefing, over HTTP', briefing, 100),
      {
        what: 'CPU of a briefing, of the gateway on PostgreSQL',
        value: `${apart.toFixed(1)} ms`,
        goal: '5 ms',
        ok: apart <= 5,
      },
      {
        what: 'CPU of a briefing, of the gateway with PGlite inside',
        value: `${cpu.toFixed(1)} ms`,
        goal: '5 ms',
        ok: cpu <= 5,
      },
      {
        what: 'andon continue, the whole program',
        value: `${whole.toFixed(0)} ms`,
        goal: '100 ms',
        ok: whole <= 100,
      },
      row('search of decisions', search, 50),
      row('search of decisions by words that 10,000 hold', common, 50),
      row('lookup of an error', same, 20),
      row('task.page, 100 rows', pageRows, 30),
      {
        what: 'its answer',
        value: `${(pageRows.bytes / 1000).toFixed(1)} kB`,
        goal: '60 kB',
        ok: pageRows.bytes <= 60_000,
      },
    ],
  };
}

await runWhenMain(import.meta.url, run);
