import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type Engine } from './engines.ts';
import { allEvents, breaches, gitDirOf } from './fault-audit.ts';
import { type FaultGateway, type FaultOptions, startFaultGateway } from './fault-gateway.ts';
import {
  type Agent,
  approveOnce,
  emptyLedger,
  type Ledger,
  type Persist,
  persistOn,
  planOf,
  prepareLine,
  untilLanded,
  type Work,
  workOnce,
} from './fault-line.ts';
import { waitUntil } from './wait.ts';

export interface RandomKills {
  readonly engine: Engine;
  readonly kills: number;
  readonly seed: number;
  readonly agentsCount: number;
  /** Longest life of a gateway after it was ready, in milliseconds. */
  readonly lifeMsMax: number;
}

export interface KillReport {
  readonly kills: number;
  readonly landed: number;
  readonly acknowledged: number;
  readonly restartMsWorst: number;
  /** Changes that landed in one swap with others. */
  readonly batched: number;
  readonly breaches: readonly string[];
}

/** Lets agents claim, push, submit and be approved without a pause while their gateway is killed again and again. */
export async function killAtRandom(plan: RandomKills): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-random-'));
  const databaseUrl = plan.engine === 'postgres' ? await createDatabase() : undefined;
  const config = { abandonedMs: 1000 };
  const options = { folder, config, ...(databaseUrl === undefined ? {} : { databaseUrl }) };
  const standing: Standing = { gateway: startFaultGateway(options) };
  const ledger = emptyLedger();
  const persist = persistOn(() => standing.gateway, persistMs);
  const end = new AbortController();
  let killed: Promise<number> = Promise.resolve(0);
  try {
    // Long leases: on a busy machine a lost one would end a worker for a reason outside of this test.
    const tasks = planOf(plan.kills * 3 + 10, 'true', '10m');
    const { agents, reviewer } = await prepareLine(await standing.gateway, tasks, plan.agentsCount);
    const load = Promise.all(agents.map((agent) => workOn(agent, reviewer, persist, ledger, end.signal)));
    const done = () => acknowledged(ledger);
    killed = killAgainAndAgain({ ...plan, done }, options, standing, end.signal).finally(() => end.abort());
    const [restartMsWorst, landed] = await Promise.all([killed, load]);
    const batched = (await allEvents(await standing.gateway)).filter(
      ({ type, data }) => type === 'change.landed' && Number(data.batch) > 1,
    ).length;
    return {
      kills: plan.kills,
      landed: landed.reduce((sum, one) => sum + one, 0),
      acknowledged: acknowledged(ledger),
      restartMsWorst: Math.round(restartMsWorst),
      batched,
      breaches: await breaches(await standing.gateway, ledger, gitDirOf(folder)),
    };
  } finally {
    // The killer must have ended first, or it would start one more gateway that nothing stops.
    end.abort();
    await killed.catch(() => undefined);
    await (await standing.gateway).destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}

const persistMs = 300_000;

const acknowledged = (ledger: Ledger): number =>
  Object.values(ledger).reduce((sum, one) => sum + one.length, 0);

/** The present gateway, or the next one while it starts. */
interface Standing {
  gateway: Promise<FaultGateway>;
}

/** Answers the slowest restart, in milliseconds. One death in eight comes while the gateway starts. */
async function killAgainAndAgain(
  { kills, seed, lifeMsMax, done }: RandomKills & { readonly done: () => number },
  options: FaultOptions,
  standing: Standing,
  end: AbortSignal,
): Promise<number> {
  const random = randomFrom(seed);
  let worst = 0;
  for (let n = 0, life = 0; n < kills && !end.aborted; n++, life++) {
    const gateway = await standing.gateway;
    // On a machine of any speed work goes on between the deaths: every other life begins with some.
    const before = done();
    if (life % 2 === 0) await waitUntil(() => end.aborted || done() > before, persistMs);
    // The square gives many short lives and some long ones.
    await new Promise((resolve) => setTimeout(resolve, random() ** 2 * lifeMsMax));
    const early = n + 1 < kills && random() < 1 / 8;
    if (early) n++;
    standing.gateway = restart(gateway, options, early ? random() * startMsTypical : undefined);
    worst = Math.max(worst, (await standing.gateway).startMs);
  }
  return worst;
}

const startMsTypical = 500;

async function restart(
  gateway: FaultGateway,
  options: FaultOptions,
  dieAfterMs: number | undefined,
): Promise<FaultGateway> {
  await gateway.destroy();
  if (dieAfterMs !== undefined) {
    const early = await startFaultGateway({ ...options, dieAfterMs }).catch(() => undefined);
    await early?.destroy();
  }
  return startFaultGateway(options);
}

// Changes that are approved at one time land together, so that deaths come in the midst of batches as well.
const groupSize = 3;

/**
 * Carries out tasks, a few at a time, until told to end; work under way is brought to main. Returns the number of
 * landed tasks.
 */
async function workOn(
  agent: Agent,
  reviewer: string,
  persist: Persist,
  ledger: Ledger,
  end: AbortSignal,
): Promise<number> {
  for (let landed = 0; ; ) {
    const group: Work[] = [];
    while (group.length < groupSize && !end.aborted) {
      const work = await workOnce(agent, persist, ledger);
      if (work === undefined) break;
      group.push(work);
    }
    await Promise.all(group.map((work) => approveOnce(reviewer, persist, ledger, work)));
    for (const work of group) await untilLanded(reviewer, persist, work);
    landed += group.length;
    if (group.length < groupSize) return landed;
  }
}

/** Numbers in [0, 1) that the seed fixes (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
