import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase } from '../support/engines.ts';
import { allEvents, breaches, gitDirOf } from '../support/fault-audit.ts';
import { type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
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

const tasksCount = 40;
const claimantsCount = 8;

describe('several gateways on one database', () => {
  const ledger = emptyLedger();
  let folder: string;
  let gateways: FaultGateway[] = [];
  let agents: Agent[];
  let reviewer: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-two-'));
    const options = { folder, databaseUrl: await createEmptyDatabase() };
    // Four at once on a database without a schema and a folder without keys.
    gateways = await Promise.all(Array.from({ length: 4 }, () => startFaultGateway(options)));
  });
  afterAll(() => Promise.all(gateways.map((gateway) => gateway.close())));

  const at = (n: number): FaultGateway => gateways[n % gateways.length] ?? expect.fail('no gateway');

  it('start at once: one of them migrates, all serve the same keys and know the same owner', async () => {
    const keys = await Promise.all(
      gateways.map(async ({ url }) => (await fetch(`${url}/.well-known/jwks.json`)).text()),
    );
    expect(new Set(keys).size).toBe(1);
    for (const gateway of gateways) await gateway.owner.project.list.query({});
    await Promise.all(gateways.slice(2).map((gateway) => gateway.close()));
    gateways = gateways.slice(0, 2);
    ({ agents, reviewer } = await prepareLine(at(0), planOf(tasksCount, ''), claimantsCount));
    await waitUntil(async () => (await at(1).owner.project.list.query({})).length === 1);
  });

  it('stream every event in order on both, each once, while claims race on both', async () => {
    const streams = gateways.map((gateway) => {
      const seen: number[] = [];
      const subscription = gateway.owner.event.stream.subscribe(
        { project, lastEventId: 0 },
        { onData: ({ data }) => void seen.push(data.position) },
      );
      return { seen, stop: () => subscription.unsubscribe() };
    });
    const won = await Promise.all(
      agents.map(async ({ token }, n) => {
        const tasks: string[] = [];
        for (let tries = 0; tries < tasksCount; tries++) {
          const { task } = await at(n + tries)
            .client(token)
            .task.claim.mutate({ project });
          if (task === null) break;
          tasks.push(task.id);
          await at(n + tries)
            .client(token)
            .task.renew.mutate({ project, task: task.id, epoch: task.epoch });
        }
        return tasks;
      }),
    );
    expect(won.flat().sort()).toEqual([...new Set(won.flat())].sort());
    expect(won.flat()).toHaveLength(tasksCount);
    const sequenced = (await settled()).map(({ position }) => position);
    await waitUntil(() => streams.every(({ seen }) => seen.length >= sequenced.length));
    for (const { seen, stop } of streams) {
      stop();
      expect(seen).toEqual(sequenced);
    }
    // The tasks go back to the pool, for the landings.
    const tasks = await at(0).owner.task.list.query({ project });
    for (const { id, epoch, holder } of tasks) {
      const { token = '' } = agents.find(({ name }) => name === holder) ?? {};
      await at(0).client(token).task.release.mutate({ project, task: id, epoch, why: 'for the landings' });
    }
  });

  const settled = async () => {
    const unsequenced = async () => (await at(0).owner.audit.verify.query({ project: '*' })).unplaced;
    await waitUntil(async () => (await unsequenced()) === 0);
    return allEvents(at(0));
  };

  it('refuse a revoked token: mutations on the other at once, queries within three seconds', async () => {
    const { token = '', grant } = await at(0).owner.token.mint.mutate({
      project,
      agent: 'agent:gone',
      cap: { tier: 'implementer' },
    });
    await at(1).client(token).task.list.query({ project });
    await at(0).owner.token.revoke.mutate({ project, kind: 'grant', value: grant, why: 'test' });
    const mutation = at(1).client(token).task.claim.mutate({ project });
    await expect(mutation).rejects.toMatchObject({ data: { andon: { code: 'token.revoked' } } });
    const started = performance.now();
    const code = () =>
      at(1)
        .client(token)
        .task.list.query({ project })
        .then(
          () => 'answered',
          (error: { data: { andon: { code: string } } }) => error.data.andon.code,
        );
    await waitUntil(async () => (await code()) === 'token.revoked', 3000);
    console.log(
      `a query on the other gateway was refused after ${Math.round(performance.now() - started)} ms`,
    );
  });

  it('race for every landing, and each change lands once', async () => {
    const first = agents.slice(0, 4);
    await Promise.all(
      first.map(async (agent, n) => {
        const persist = persistOn(() => at(n));
        for (let round = 0; round < 3; round++) {
          const work = (await workOnce(agent, persist, ledger)) ?? expect.fail('no task was left');
          await approveOnce(
            reviewer,
            persistOn(() => at(n + 1)),
            ledger,
            work,
          );
          await untilLanded(reviewer, persist, work);
        }
      }),
    );
    expect(await breaches(at(0), ledger, gitDirOf(folder))).toEqual([]);
    const landed = (await settled()).filter(({ type }) => type === 'change.landed');
    expect(landed).toHaveLength(12);
  });
});
