import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRPCClientError } from '@trpc/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breaches, gitDirOf } from '../support/fault-audit.ts';
import { type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import {
  type Agent,
  approveOnce,
  commitFor,
  emptyLedger,
  persistOn,
  planOf,
  prepareLine,
  project,
  untilLanded,
  workOnce,
} from '../support/fault-line.ts';
import { git } from '../support/gateway.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { waitUntil } from '../support/wait.ts';

const rounds = 3;

/** A server with its default durability: acknowledged work must be on the disk when it is killed. */
describe('PostgreSQL killed underneath a gateway', () => {
  const ledger = emptyLedger();
  let server: PostgresServer;
  let gateway: FaultGateway;
  let folder: string;
  let agents: Agent[];
  let reviewer: string;
  const persist = persistOn(() => gateway);

  beforeAll(async () => {
    server = await startPostgres();
    folder = mkdtempSync(join(tmpdir(), 'andon-pgdown-'));
    gateway = await startFaultGateway({ folder, databaseUrl: server.url, config: { abandonedMs: 1000 } });
    ({ agents, reviewer } = await prepareLine(gateway, planOf(200), 2));
  });
  afterAll(async () => {
    await gateway?.destroy();
    await server?.stop();
  });

  const agent = (n: number): Agent => agents[n] ?? expect.fail(`no agent ${n}`);
  const ready = async (): Promise<number> => (await fetch(`${gateway.url}/readyz`)).status;

  /** Connections that the gateway listens on. */
  const listeners = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where query ilike 'listen %'`,
    );
    await client.end();
    return rows[0]?.n ?? 0;
  };

  it('is told by /readyz, and every call in between is answered store.unavailable or gateway.unready', async () => {
    const claimed = await gateway.client(agent(0).token).task.claim.mutate({ project });
    const { id: task = '', epoch = 0 } = claimed.task ?? {};
    const commit = await commitFor(agent(0), persist, task, epoch);
    await server.kill();
    for (let n = 0; n < 5; n++) {
      const refused = await gateway
        .client(agent(0).token)
        .task.renew.mutate({ project, task, epoch })
        .catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(TRPCClientError);
      const { data } = refused as {
        data: { httpStatus: number; andon: { code: string; reasons: { next: string }[] } };
      };
      expect(data.andon.code).toBe('store.unavailable');
      expect(data.httpStatus).toBe(503);
      expect(data.andon.reasons[0]?.next).toBeTruthy();
    }
    await waitUntil(async () => (await ready()) === 503);
    const pushed = await git(
      join(agent(0).folder, 'clone'),
      ['push', `${gateway.url}/git/${project}.git`, `${commit}:refs/heads/${claimed.branch}`],
      { url: gateway.url, token: agent(0).token },
    );
    expect(pushed.code).not.toBe(0);
    expect(pushed.err).toMatch(/503|store\.unavailable|gateway\.unready/);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    await server.start();
    await waitUntil(async () => (await ready()) === 200);
    await gateway.client(agent(0).token).task.release.mutate({ project, task, epoch, why: 'enough' });
  });

  it('listens again on one connection', async () => {
    await waitUntil(async () => (await listeners()) === 1);
    const before = (await gateway.owner.project.status.query({ project })).position;
    const claimed = await gateway.client(agent(0).token).task.claim.mutate({ project });
    const { id: task = '', epoch = 0 } = claimed.task ?? {};
    await gateway.client(agent(0).token).task.release.mutate({ project, task, epoch, why: 'enough' });
    const position = async () => (await gateway.owner.project.status.query({ project })).position;
    await waitUntil(async () => (await position()) > before);
  });

  it(`loses nothing that was acknowledged, ${rounds} times with work going on, and the gateway stays up`, async () => {
    const end = new AbortController();
    const work = async (one: Agent): Promise<number> => {
      for (let landed = 0; ; landed++) {
        if (end.signal.aborted) return landed;
        const done = await workOnce(one, persist, ledger);
        if (done === undefined) return landed;
        await approveOnce(reviewer, persist, ledger, done);
        await untilLanded(reviewer, persist, done);
      }
    };
    const working = Promise.all(agents.map(work));
    for (let round = 0; round < rounds; round++) {
      const submitted = ledger.submits.length;
      await waitUntil(() => ledger.submits.length >= submitted + 2);
      await server.killAndRestart();
    }
    end.abort();
    const landed = (await working).reduce((sum, one) => sum + one, 0);
    console.log(`${rounds} kills of PostgreSQL, ${landed} changes landed`);
    expect(await breaches(gateway, ledger, gitDirOf(folder))).toEqual([]);
    expect(await listeners()).toBe(1);
  });

  it('keeps no gateway from ending on SIGTERM', async () => {
    await server.kill();
    await waitUntil(async () => (await ready()) === 503);
    expect(await gateway.close()).toEqual({ code: 0, signal: null });
  });
});
