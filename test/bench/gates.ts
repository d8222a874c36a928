import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../src/client.ts';
import { gateHand } from '../support/gate-hand.ts';
import { startGateRunner } from '../support/gate-runner-process.ts';
import { type Line, lineOn } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';
import { landAll } from './landing.ts';
import { startBenchGateway } from './support/gateway.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const work = { count: 40, batch: 1, slots: 2, gateSeconds: 4, bad: new Set<number>() };
const project = 'shop';

/** Two processes of `andon runner`, each with two slots, beside those of the gateway. */
async function twoRunners(line: Line): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-bench-runners-'));
  const place = { project, folder, path: process.env.PATH ?? '', gates: 2 };
  const runners = await Promise.all(['one', 'two'].map((name) => startGateRunner(line, { ...place, name })));
  return async () => {
    await Promise.all(runners.map((one) => one.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
}

async function speedRows(): Promise<BenchRow[]> {
  const alone = await landAll(work);
  const together = await landAll(work, twoRunners);
  const times = alone.seconds / together.seconds;
  const what = `${work.count} approved changes, batch 1, gate sleep 4`;
  return [
    { what: `${what}: 2 slots in the gateway`, value: `${alone.seconds.toFixed(1)} s` },
    {
      what: `${what}: and 2 on each of two runners`,
      value: `${together.seconds.toFixed(1)} s`,
      ratio: `${times.toFixed(2)} times as fast`,
      goal: '2.4 times as fast',
      ok: times >= 2.4,
    },
  ];
}

const count = 60;
const plan = `
${planHead({ project })}
gates:
  tests: { run: "true" }
tasks:
${Array.from({ length: count }, (_, n) => `  t${n}: { title: t, phase: build, write: ["t${n}/**"], gates: [tests] }`).join('\n')}
`;

/** Milliseconds of the two calls of a gate, as its runner waits for them, beside no other load. */
async function callRow(): Promise<BenchRow> {
  const gateway = await startBenchGateway({ gatesAtOnceMax: 0 });
  const client = (token: string) => createClient({ url: gateway.url, token: () => token });
  const close = async () => gateway[Symbol.asyncDispose]();
  const more = { client, close, databaseUrl: undefined, ownerToken: () => gateway.token };
  const line = await lineOn({ ...gateway, ...more }, { plan });
  try {
    const builder = await line.mint('agent:builder', {
      budget: { commits: 1000, files: 1000, lines: 10_000 },
    });
    for (let n = 0; n < count; n++) await line.offer(builder, `t${n}`, { [`t${n}/x`]: 'x' });
    const runner = await gateHand(line, 'one');
    const took: number[] = [];
    for (let n = 0; n < count; n++) {
      const begin = performance.now();
      const order = await runner.take();
      if (order === null) throw new Error('no gate was handed out');
      await runner.end(order);
      took.push(performance.now() - begin);
    }
    const sorted = took.toSorted((one, other) => one - other);
    const [p50 = 0, p99 = 0] = [0.5, 0.99].map((part) => sorted[Math.floor(part * (count - 1))]);
    return {
      what: 'taking a gate and reporting its end, PGlite (p50; p99)',
      value: `${p50.toFixed(1)} ms; ${p99.toFixed(1)} ms`,
      goal: '100 ms',
      ok: p50 <= 100,
    };
  } finally {
    await line.close();
  }
}

const setupPlan = `
${planHead({ project })}
gates:
  tests:
    run: "date +%s%3N && test -d node_modules/mocha"
    setup:
      run: npm ci --ignore-scripts --no-audit --no-fund
      from: [package.json, package-lock.json, .npmrc]
      keep: [node_modules]
      network: true
tasks:
${Array.from({ length: 4 }, (_, n) => `  t${n}: { title: t, phase: build, write: ["t${n}/**"], gates: [tests] }`).join('\n')}
`;

/** Milliseconds from the moment at which a gate was taken until its command began. */
async function untilBegun(line: Line, change: string): Promise<number> {
  await waitUntil(async () => (await line.change(change)).state === 'judging', 300_000);
  const [row] = await line.app.gateway.store.rows<{ output: string; startedAt: Date }>(
    {
      name: 'bench.begun',
      text: 'select output, started_at as "startedAt" from gate_runs where change = $1',
    },
    [change],
  );
  return Number(row?.output.split('\n')[0]) - (row?.startedAt.getTime() ?? 0);
}

/**
 * The start of a gate with a real `npm ci` before it, the first time and later ones. EXPRESS names a clone of Express with a
 * lock file committed, which Express ships none of, and without `package-lock=false` in its .npmrc.
 */
async function setupRows(): Promise<BenchRow[]> {
  const source = process.env.EXPRESS;
  if (source === undefined)
    return [{ what: 'a gate with a warm set-up of Express: EXPRESS names no clone', value: '-' }];
  const gateway = await startBenchGateway({ gatesAtOnceMax: 1 });
  const client = (token: string) => createClient({ url: gateway.url, token: () => token });
  const close = async () => gateway[Symbol.asyncDispose]();
  const more = { client, close, databaseUrl: undefined, ownerToken: () => gateway.token };
  const line = await lineOn({ ...gateway, ...more }, { plan: setupPlan, source });
  try {
    const builder = await line.mint('agent:builder');
    const took: number[] = [];
    for (let n = 0; n < 4; n++) {
      const { change } = await line.offer(builder, `t${n}`, { [`t${n}/x`]: 'x' });
      took.push(await untilBegun(line, change));
    }
    const [cold = 0, ...warm] = took;
    const usual = warm.toSorted((one, other) => one - other)[1] ?? 0;
    return [
      { what: 'a gate of Express begins, behind a cold set-up (npm ci)', value: `${cold} ms` },
      {
        what: 'a gate of Express begins, behind a warm one (median of 3)',
        value: `${usual} ms`,
        ratio: `${(cold / usual).toFixed(1)} times sooner`,
        goal: '5 times sooner',
        ok: cold >= 5 * usual,
      },
    ];
  } finally {
    await line.close();
  }
}

/** Gates on runners beside gates in the gateway alone. */
export async function run(): Promise<BenchTable> {
  const rows = [await callRow(), ...(await setupRows()), ...(await speedRows())];
  return { title: 'gates on runners: processes of their own on this machine', rows };
}

await runWhenMain(import.meta.url, run);
