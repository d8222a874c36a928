import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../support/engines.ts';
import { allEvents, breaches, gitDirOf } from '../support/fault-audit.ts';
import { type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import {
  type Agent,
  approveOnce,
  emptyLedger,
  NotYet,
  type Persist,
  persistOn,
  planOf,
  prepareLine,
  project,
  type Work,
  workOnce,
} from '../support/fault-line.ts';
import { isStopped, wakeUntil } from '../support/fault-pause.ts';
import { mustGit } from '../support/gateway.ts';
import { rootCause } from '../support/root-cause.ts';
import { sized } from '../support/size.ts';
import { waitUntil } from '../support/wait.ts';

const trials = sized(3, 15);
const inBatch = 4;
const atOnce = sized(16, 64);
const linux = existsSync('/proc/self/stat');

/** Two gateways on one database and one folder of repositories, over batches. */
describe.runIf(linux)('a batch between two gateways', () => {
  const ledger = emptyLedger();
  let folder: string;
  let paused: FaultGateway;
  let other: FaultGateway;
  let agent: Agent;
  let reviewer: string;
  let persist: Persist;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-pause-batch-'));
    const options = { folder, databaseUrl: await createDatabase(), config: { abandonedMs: 200 } };
    other = await startFaultGateway(options);
    paused = await startFaultGateway(options);
    persist = persistOn(() => other);
    const tasks = planOf((trials + 5) * inBatch + atOnce, 'true', '10m');
    const prepared = await prepareLine(other, tasks, 1);
    [agent] = prepared.agents as [Agent];
    reviewer = prepared.reviewer;
  });
  afterAll(async () => {
    paused?.kill('SIGCONT');
    await Promise.all([paused?.close(), other?.close()]);
  });

  const mainOf = (): Promise<string> => mustGit(gitDirOf(folder), ['rev-parse', 'main']);
  const statesOf = (works: readonly Work[]): Promise<string[]> =>
    Promise.all(
      works.map(async ({ change }) => (await other.owner.change.show.query({ project, change })).state),
    );
  const untilLanded = (works: readonly Work[]) =>
    waitUntil(async () => (await statesOf(works)).every((state) => state === 'landed'));

  /** Offers changes and approves them under a red stop; answers the stop. */
  async function approveTogether(count: number): Promise<{ works: Work[]; stop: string }> {
    const works: Work[] = [];
    for (let n = 0; n < count; n++)
      works.push((await workOnce(agent, persist, ledger)) ?? expect.fail('no task was left'));
    await persist(async () => {
      const states = await statesOf(works);
      if (states.includes('gating')) throw new NotYet(states.join());
    });
    const { stop } = await other.owner.cord.pull.mutate({ project, colour: 'red', why: 'all at once' });
    for (const work of works) await approveOnce(reviewer, persist, ledger, work);
    return { works, stop };
  }

  it(`is landed once, by the other, when its lander stops after the intent, ${trials} times`, async () => {
    let stopped = 0;
    for (let tries = 0; tries < trials + 5 && stopped < trials; tries++) {
      const { works, stop } = await approveTogether(inBatch);
      await paused.arm('after-intent', 'SIGSTOP');
      const cleared = paused.owner.cord.clear.mutate({ project, stop, rootCause });
      await waitUntil(
        async () => isStopped(paused) || (await statesOf(works)).every((state) => state === 'landed'),
      );
      // The round of the other gateway may be faster; then there is nothing to see.
      if (!isStopped(paused)) {
        await cleared;
        continue;
      }
      stopped++;
      // The other voids the intent of the sleeper and lands all by itself; the sleeper finds its fence gone.
      await untilLanded(works);
      const main = await mainOf();
      await wakeUntil(paused, 'after-done');
      await cleared;
      expect(await mainOf()).toBe(main);
    }
    expect(stopped).toBe(trials);
    const voided = (await allEvents(other)).filter(({ type }) => type === 'landing.voided');
    expect(voided.length).toBeGreaterThanOrEqual(trials);
    expect(await breaches(other, ledger, gitDirOf(folder))).toEqual([]);
  });

  it(`lands ${atOnce} changes once each while both gateways carry out gates and rounds`, async () => {
    const { works, stop } = await approveTogether(atOnce);
    await paused.owner.cord.clear.mutate({ project, stop, rootCause });
    await untilLanded(works);
    expect(await breaches(other, ledger, gitDirOf(folder))).toEqual([]);
    const landed = (await allEvents(other)).filter(({ type }) => type === 'change.landed');
    expect(Math.max(...landed.map(({ data }) => Number(data.batch)))).toBeGreaterThan(1);
  });
});
