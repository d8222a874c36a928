import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createEmptyDatabase } from '../support/engines.ts';
import { allEvents, breaches, gitDirOf } from '../support/fault-audit.ts';
import { compiledGatewayAt } from '../support/fault-build.ts';
import { type FaultGateway, StartRefused, startFaultGateway } from '../support/fault-gateway.ts';
import {
  type Agent,
  approveOnce,
  emptyLedger,
  persistOn,
  planOf,
  prepareLine,
  project,
  untilLanded,
  workOnce,
} from '../support/fault-line.ts';
import { waitUntil } from '../support/wait.ts';

/**
 * The commit that wrote version 9 of the schema before 0.1, the oldest that is upgraded; it has more of its
 * own than the later ones.
 */
const before = '6175678d0c33ca0762bc6d864dd18edb1c10dc18';
const program = compiledGatewayAt(before);

const tasksCount = 18;
const folder = mkdtempSync(join(tmpdir(), 'andon-rolling-'));
const gateways: FaultGateway[] = [];
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.destroy()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: { databaseUrl: string; program?: string }): Promise<FaultGateway> {
  const gateway = await startFaultGateway({ folder, ...options });
  gateways.push(gateway);
  return gateway;
}

it.skipIf(program === undefined)(
  'an older gateway goes on while a newer one migrates its database, until it is ended; nothing is lost',
  async () => {
    const databaseUrl = await createEmptyDatabase();
    const older = await start({ databaseUrl, ...(program === undefined ? {} : { program }) });
    const { agents, reviewer } = await prepareLine(older, planOf(tasksCount), 3);
    const ledger = emptyLedger();
    const landedBy = new Map<FaultGateway, number>();
    /** Calls to each while both are up. */
    const calls = new Map<FaultGateway, number>();
    let endpoints = [older];
    let turn = 0;
    /** Each step of a task goes to the next of the running gateways. */
    const persist = () => {
      const mine = endpoints[turn++ % endpoints.length] ?? older;
      return persistOn(() => {
        const endpoint = endpoints.includes(mine) ? mine : (endpoints[0] ?? mine);
        if (endpoints.length === 2) calls.set(endpoint, (calls.get(endpoint) ?? 0) + 1);
        return endpoint;
      });
    };
    const carryOut = async (agent: Agent): Promise<void> => {
      for (;;) {
        const endpoint = endpoints[turn % endpoints.length] ?? older;
        const work = await workOnce(agent, persist(), ledger);
        if (work === undefined) return;
        await approveOnce(reviewer, persist(), ledger, work);
        await untilLanded(reviewer, persist(), work);
        landedBy.set(endpoint, (landedBy.get(endpoint) ?? 0) + 1);
      }
    };
    const landed = (): number => [...landedBy.values()].reduce((sum, one) => sum + one, 0);
    const working = Promise.all(agents.map(carryOut));
    // Any failure of the work ends the test at once.
    const meanwhile = (holds: () => boolean): Promise<unknown> =>
      Promise.race([waitUntil(holds, 60_000), working]);

    await meanwhile(() => landed() >= 3);
    const newer = await start({ databaseUrl });
    endpoints = [older, newer];
    await meanwhile(() => landed() >= 10);
    endpoints = [newer];
    expect(await older.close()).toEqual({ code: 0, signal: null });
    await working;

    console.log(
      `while both were up: ${calls.get(older)} calls to the older, ${calls.get(newer)} to the newer`,
    );
    for (const endpoint of [older, newer]) expect(calls.get(endpoint)).toBeGreaterThan(5);
    expect(landed()).toBe(tasksCount);
    expect(await breaches(newer, ledger, gitDirOf(folder))).toEqual([]);
    const types = (await allEvents(newer)).map(({ type }) => type);
    expect(types.filter((type) => type === 'change.landed')).toHaveLength(tasksCount);
    const tasks = await newer.owner.task.list.query({ project });
    expect(tasks.every(({ state }) => state === 'done')).toBe(true);
    const { may } = await newer.owner.token.explain.query({ project });
    expect(may.map(({ action }) => action)).toContain('trigger:create');

    const refused: unknown = await start({
      databaseUrl,
      ...(program === undefined ? {} : { program }),
    }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StartRefused);
    expect((refused as StartRefused).code).toBe('store.newer');
  },
);
