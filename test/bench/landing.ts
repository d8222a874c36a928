import { createClient } from '../../src/client.ts';
import { type Line, lineOn } from '../support/line.ts';
import { approveTogether, landingFaults, moveMainBeside, queueRuns } from '../support/queue-line.ts';
import { waitUntil } from '../support/wait.ts';
import { startBenchGateway } from './support/gateway.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const project = 'shop';
const gateSeconds = 4;

interface Work {
  readonly count: number;
  readonly batch: number;
  readonly slots: number;
  /** Seconds that the gate takes on every tree. */
  readonly gateSeconds: number;
}

interface Landed {
  /** Seconds from the moment at which all are free to land until the last has landed. */
  readonly seconds: number;
  readonly runs: number;
  /** Milliseconds of processor time of the gateway's process for one landing; its git children are not in it. */
  readonly cpuMs: number;
}

const planOf = ({ count, batch }: Work, gate: string): string => `
version: 1
project: ${project}
done: landed
phases: [build]
landing: { batch: ${batch} }
gates:
  tests: { run: "${gate}", timeout: 10m }
tasks:
${Array.from({ length: count }, (_, n) => `  t${n}: { title: t, phase: build, write: ["src/t${n}/**"], gates: [tests] }`).join('\n')}
`;

/**
 * All changes are approved under a red stop, and main moves under it, so that no evidence from submission is left; the
 * clock runs from the end of the stop to the last landing. The gate of submission is a quick one: the plan that is
 * applied under the stop makes it slow, and its evidence worthless.
 */
async function landAll(work: Work): Promise<Landed> {
  const line = await openLine(work);
  try {
    const begin = await line.main();
    const builder = await line.mint('agent:builder', {
      budget: { commits: 1000, files: 1000, lines: 10_000 },
    });
    const reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    const offers = Array.from({ length: work.count }, (_, n) => ({
      task: `t${n}`,
      files: { [`src/t${n}/a.js`]: `export const a = ${n};\n` },
    }));
    let started = 0;
    let cpu = process.cpuUsage();
    await approveTogether(line, { builder, reviewer }, offers, async () => {
      await line.owner.plan.put.mutate({ project, text: planOf(work, `sleep ${work.gateSeconds}`) });
      await moveMainBeside(line, { 'moved.txt': 'moved\n' });
      started = performance.now();
      cpu = process.cpuUsage();
    });
    await waitUntil(async () => (await landedCount(line)) === work.count, 1_200_000);
    const seconds = (performance.now() - started) / 1000;
    const used = process.cpuUsage(cpu);
    const faults = await landingFaults(line, begin);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    const runs = (await queueRuns(line)).length;
    return { seconds, runs, cpuMs: (used.user + used.system) / 1000 / work.count };
  } finally {
    await line.close();
  }
}

async function openLine(work: Work): Promise<Line> {
  const gateway = await startBenchGateway({ gatesAtOnceMax: work.slots });
  const client = (token: string) => createClient({ url: gateway.url, token: () => token });
  const close = async () => gateway[Symbol.asyncDispose]();
  const more = { client, close, databaseUrl: undefined, ownerToken: () => gateway.token };
  return lineOn({ ...gateway, ...more }, { plan: planOf(work, 'true') });
}

async function landedCount({ app }: Line): Promise<number> {
  const [row] = await app.gateway.store.rows<{ n: number }>({
    name: 'bench.landed',
    text: `select count(*)::int as n from changes where state = 'landed'`,
  });
  return row?.n ?? 0;
}

/** Gate times that a queue needs which knows that nothing fails. */
const oracle = ({ count, batch, slots }: Work): number => Math.ceil(Math.ceil(count / batch) / slots);

async function rowsOf(work: Work, goal: number, runsMax: number): Promise<BenchRow[]> {
  const { seconds, runs, cpuMs } = await landAll(work);
  const ideal = oracle(work) * work.gateSeconds;
  const ratio = seconds / ideal;
  const what = `${work.count} disjoint, sleep ${work.gateSeconds}, ${work.slots} slots, batch ${work.batch}`;
  return [
    {
      what,
      value: `${seconds.toFixed(1)} s`,
      ratio: `${ratio.toFixed(2)} of its oracle (${ideal} s)`,
      goal: `${goal} of its oracle`,
      ok: ratio <= goal,
    },
    { what: `${what}: runs of the queue`, value: `${runs}`, goal: `${runsMax}`, ok: runs <= runsMax },
    {
      what: `${what}: CPU of the gateway a landing`,
      value: `${cpuMs.toFixed(0)} ms`,
      goal: '40 ms',
      ok: cpuMs <= 40,
    },
  ];
}

/** Twenty approved changes from the end of a stop to the last landing, beside a queue that knows what passes. */
export async function run(): Promise<BenchTable> {
  const work = { count: 20, slots: 2, gateSeconds };
  const rows = [
    ...(await rowsOf({ ...work, batch: 1 }, 1.25, work.count)),
    ...(await rowsOf({ ...work, batch: 8 }, 1.5, 4)),
  ];
  return {
    title: 'landing: real gates, real git, the clock from the end of a stop to the last landing',
    rows,
  };
}

await runWhenMain(import.meta.url, run);
