import { createClient } from '../../src/client.ts';
import { type Line, lineOn, type Offered } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { badBacklog, outcomeOf } from '../support/queue-figures.ts';
import { approveTogether, landingFaults, moveMainBeside, queueRuns } from '../support/queue-line.ts';
import { seed } from '../support/seed.ts';
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
  /** Numbers of the changes that fail on every tree of the queue, although they passed when they were submitted. */
  readonly bad: ReadonlySet<number>;
}

interface Landed {
  /** Seconds from the moment at which all are free to land until the last has landed. */
  readonly seconds: number;
  readonly runs: number;
  /** Numbers of the changes that were refused. */
  readonly refused: readonly number[];
  /**
   * Milliseconds of processor time of the gateway's process for one landing, above what it takes when it has nothing to
   * do; its git children are not in it.
   */
  readonly cpuMs: number;
  /** Milliseconds of processor time that the process takes in a second without work. */
  readonly idleMs: number;
}

// Main moves to a commit with this file under the stop, so that no evidence from submission is left.
const strict = 'test ! -e strict || ! ls src/*/bad > /dev/null 2>&1';

const planOf = ({ count, batch }: Work, gate: string): string => `
${planHead({ project })}
landing: { batch: ${batch} }
gates:
  tests: { run: "${gate}", timeout: 10m }
tasks:
${Array.from({ length: count }, (_, n) => `  t${n}: { title: t, phase: build, write: ["src/t${n}/**"], gates: [tests] }`).join('\n')}
`;

/**
 * All changes are approved under a red stop, and main moves under it, so that no evidence from submission is left; the
 * clock runs from the end of the stop to the last landing. The gate of submission is a quick one: the plan that is
 * applied under the stop makes it slow, and its evidence worthless. `join` lets runners of gates join the line.
 */
export async function landAll(
  work: Work,
  join: (line: Line) => Promise<() => Promise<void>> = async () => async () => undefined,
): Promise<Landed> {
  const line = await openLine(work);
  const leave = await join(line);
  try {
    const begin = await line.main();
    const builder = await line.mint('agent:builder', {
      budget: { commits: 1000, files: 1000, lines: 10_000 },
    });
    const reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    const offers = Array.from({ length: work.count }, (_, n) => ({
      task: `t${n}`,
      files: { [`src/t${n}/${work.bad.has(n) ? 'bad' : 'a.js'}`]: `export const a = ${n};\n` },
    }));
    const ended = allEnded(line, work.count);
    let started = 0;
    let cpu = process.cpuUsage();
    const offered = await approveTogether(line, { builder, reviewer }, offers, async () => {
      await line.owner.plan.put.mutate({
        project,
        text: planOf(work, `sleep ${work.gateSeconds} && ${strict}`),
      });
      await moveMainBeside(line, { strict: 'yes\n' });
      started = performance.now();
      cpu = process.cpuUsage();
    });
    const seconds = ((await ended) - started) / 1000;
    const used = usedMs(cpu);
    const idleMs = await idleUse();
    const faults = await landingFaults(line, begin);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    const runs = (await queueRuns(line)).length;
    const refused = await refusedOf(line, offered);
    return { seconds, runs, refused, cpuMs: (used - idleMs * seconds) / work.count, idleMs };
  } finally {
    await leave();
    await line.close();
  }
}

const usedMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

async function idleUse(): Promise<number> {
  const idleSeconds = 5;
  const begin = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
  return usedMs(begin) / idleSeconds;
}

async function openLine(work: Work): Promise<Line> {
  const gateway = await startBenchGateway({ gatesAtOnceMax: work.slots });
  const client = (token: string) => createClient({ url: gateway.url, token: () => token });
  const close = async () => gateway[Symbol.asyncDispose]();
  const more = { client, close, databaseUrl: undefined, ownerToken: () => gateway.token };
  return lineOn({ ...gateway, ...more }, { plan: planOf(work, 'true') });
}

async function refusedOf(line: Line, offered: readonly Offered[]): Promise<number[]> {
  const states = await Promise.all(offered.map(async ({ change }) => (await line.change(change)).state));
  return states.flatMap((state, n) => (state === 'refused' ? [n] : []));
}

/**
 * Waits by the feed until all have landed or are refused: a loop that asked the database would be counted as time of the
 * gateway. Answers the moment of the last landing.
 */
function allEnded({ app }: Line, count: number): Promise<number> {
  return new Promise((resolve) => {
    let ended = 0;
    let lastLanding = 0;
    const silence = app.gateway.feed.hear((events) => {
      const landed = events.filter(({ type }) => type === 'change.landed').length;
      if (landed > 0) lastLanding = performance.now();
      ended += landed + events.filter(({ type }) => type === 'change.refused').length;
      if (ended < count) return;
      silence();
      resolve(lastLanding);
    });
  });
}

/** Gate times that a queue needs which knows that nothing fails. */
const oracle = ({ count, batch, slots }: Work): number => Math.ceil(Math.ceil(count / batch) / slots);

async function rowsOf(work: Work, goal: number, runsMax: number): Promise<BenchRow[]> {
  const { seconds, runs, cpuMs, idleMs } = await landAll(work);
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
      ratio: `above ${idleMs.toFixed(0)} ms a second without work`,
      goal: '40 ms',
      ok: cpuMs <= 40,
    },
  ];
}

/** Fifty changes of which the planner, without overhead, knows as little as the queue: the same seeded places are bad. */
async function badRows(seed: number): Promise<BenchRow[]> {
  const { changes } = badBacklog(seed);
  const bad = new Set(changes.flatMap((change, n) => (change.breaks.length > 0 ? [n] : [])));
  const work: Work = { count: changes.length, batch: 8, slots: 4, gateSeconds, bad };
  const { seconds, runs, refused } = await landAll(work);
  const ideal = outcomeOf(badBacklog(seed)).rounds * gateSeconds;
  const what = `50, gate ${gateSeconds} s, 4 slots, ${bad.size} bad, batch 8, retry 1, seed ${seed}`;
  const isExact = refused.length === bad.size && refused.every((n) => bad.has(n));
  const ratio = seconds / ideal;
  const landed = work.count - refused.length;
  return [
    {
      what,
      value: `${seconds.toFixed(1)} s`,
      ratio: `${ratio.toFixed(2)} of the planner alone (${ideal} s)`,
      goal: '1.2 of the planner',
      ok: ratio <= 1.2,
    },
    {
      what: `${what}: runs a landed change`,
      value: (runs / landed).toFixed(2),
      goal: '1.1',
      ok: runs / landed <= 1.1,
    },
    {
      what: `${what}: refused are the bad ones`,
      value: `${refused.length} refused, ${landed} landed`,
      goal: 'exactly these',
      ok: isExact,
    },
  ];
}

/** Twenty approved changes from the end of a stop to the last landing, beside a queue that knows what passes. */
export async function run(): Promise<BenchTable> {
  const work = { count: 20, slots: 2, gateSeconds, bad: new Set<number>() };
  const rows = [
    ...(await rowsOf({ ...work, batch: 1 }, 1.25, work.count)),
    ...(await rowsOf({ ...work, batch: 8 }, 1.5, 4)),
    ...(await badRows(seed)),
  ];
  return {
    title: 'landing: real gates, real git, the clock from the end of a stop to the last landing',
    rows,
  };
}

await runWhenMain(import.meta.url, run);
