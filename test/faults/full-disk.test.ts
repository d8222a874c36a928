import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRPCClientError } from '@trpc/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, engines, preparePglite } from '../support/engines.ts';
import { allEvents, breaches, gitDirOf, untilSwept } from '../support/fault-audit.ts';
import {
  type FaultGateway,
  type FaultOptions,
  StartRefused,
  startFaultGateway,
} from '../support/fault-gateway.ts';
import {
  type Agent,
  approveOnce,
  commitFor,
  emptyLedger,
  type Ledger,
  persistOn,
  planOf,
  prepareLine,
  project,
  untilLanded,
  workOnce,
} from '../support/fault-line.ts';
import { type GitResult, git, mustGit, write } from '../support/gateway.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { rootCause } from '../support/root-cause.ts';
import { openSmallDisk, type SmallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import { waitUntil } from '../support/wait.ts';

const whyNot = whyNoSmallDisk();
if (whyNot !== undefined) console.log(`left out: a disk that is full, because ${whyNot}`);

/** The code that a call was refused with; undefined for an allowed call. */
const codeOf = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof TRPCClientError)) throw error;
      return (error.data as { andon?: { code: string } } | undefined)?.andon?.code ?? error.message;
    },
  );

const mega = 1024 * 1024;

/** A task that the agent holds, with one commit for it. */
interface Held {
  readonly ref: string;
  commit(): string;
  /** Adds one commit, with so many bytes that compress badly. */
  grow(bytes: number): Promise<void>;
  push(): Promise<GitResult>;
  renew(): Promise<unknown>;
  submit(): Promise<void>;
}

async function hold(gateway: FaultGateway, agent: Agent, ledger: Ledger): Promise<Held> {
  const persist = persistOn(() => gateway);
  const { task, change } = gateway.client(agent.token);
  const { id, epoch } = (await task.claim.mutate({ project })).task ?? expect.fail('no task');
  ledger.claims.push({ task: id, epoch, agent: agent.name });
  let commit = await commitFor(agent, persist, id, epoch);
  const clone = join(agent.folder, 'clone');
  const ref = `refs/heads/task/${id}/${epoch}/work`;
  const remote = `${gateway.url}/git/${project}.git`;
  return {
    ref,
    commit: () => commit,
    grow: async (bytes) => {
      write(clone, { [`src/${id}/large.txt`]: randomBytes(bytes / 2).toString('hex') });
      await mustGit(clone, ['add', '-A']);
      await mustGit(clone, ['commit', '-q', '-m', 'large']);
      commit = await mustGit(clone, ['rev-parse', 'HEAD']);
    },
    push: () => git(clone, ['push', remote, `${commit}:${ref}`], { url: gateway.url, token: agent.token }),
    renew: () => task.renew.mutate({ project, task: id, epoch }),
    submit: async () => {
      const submitted = await change.submit.mutate({ project, task: id, epoch, commit });
      ledger.submits.push({ change: submitted.change, task: id, commit });
    },
  };
}

/**
 * Writes until the room that the files of a database have left is used up; then the code is `disk.full`, and
 * no other.
 */
async function untilFull(held: Held): Promise<void> {
  const codes = new Set<string | undefined>();
  await waitUntil(async () => codes.add(await codeOf(held.renew())).has('disk.full'));
  expect([...codes].filter((code) => code !== undefined)).toEqual(['disk.full']);
}

const untilJudging = ({ owner }: FaultGateway, change: string): Promise<void> =>
  waitUntil(async () => (await owner.change.show.query({ project, change })).state === 'judging');

describe.skipIf(whyNot !== undefined).each(engines)('a full disk, with the log in %s', (engine) => {
  let disk: SmallDisk;
  let options: FaultOptions;
  beforeEach(async () => {
    disk = openSmallDisk(200);
    const tmp = join(disk.folder, 'tmp');
    mkdirSync(tmp);
    options = {
      folder: disk.folder,
      // A gate that could not begin is tried again five seconds after that.
      config: { abandonedMs: 500 },
      // Gates are checked out on the same disk.
      env: { TMPDIR: tmp },
      ...(engine === 'postgres' ? { databaseUrl: await createDatabase() } : {}),
    };
    if (engine === 'pglite') preparePglite(join(disk.folder, 'data'));
  });
  afterEach(() => disk.close());

  it('refuses what it cannot write with disk.full, blames no work for it, and goes on once there is room', async () => {
    const gateway = await startFaultGateway(options);
    const ledger = emptyLedger();
    const persist = persistOn(() => gateway);
    const { agents, reviewer } = await prepareLine(gateway, planOf(5), 4);
    const [first, ...others] = agents;
    const judged = (first && (await workOnce(first, persist, ledger))) ?? expect.fail('no task');
    await untilJudging(gateway, judged.change);
    const [large, unsubmitted, unpushed] = await Promise.all(
      others.map((agent) => hold(gateway, agent, ledger)),
    );
    if (large === undefined || unsubmitted === undefined || unpushed === undefined)
      throw new Error('three agents');
    await large.grow(4 * mega);
    for (const { push, ref, commit } of [large, unsubmitted]) {
      expect((await push()).code).toBe(0);
      ledger.pushes.push({ ref, commit: commit() });
    }

    if (engine === 'postgres') {
      // Room for a commit, none for a checkout of its tree.
      disk.fill(mega);
      await large.submit();
      await waitUntil(() => /(ENOSPC|disk\.full).*"msg":"gate"/.test(gateway.log()));
    }
    disk.fill();
    const refused = await unpushed.push();
    expect(refused.err).toContain('disk.full');
    expect(refused.err).toContain('andon doctor');
    expect(refused.err).not.toContain('push.object');
    expect(await codeOf(unsubmitted.submit())).toBe('disk.full');
    if (engine === 'pglite') {
      expect(await codeOf(unpushed.renew())).toBe('disk.full');
    } else {
      // The log lies on another disk.
      await unpushed.renew();
      await approveOnce(reviewer, persist, ledger, judged);
      await waitUntil(() => /"disk\.full".*"msg":"landing"/.test(gateway.log()));
    }
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(Number(/^andon_disk_free_bytes (\d+)$/m.exec(metrics)?.[1])).toBeLessThan(1024 * 1024);

    disk.free();
    await persist(async () => {
      const pushed = await unpushed.push();
      if (pushed.code !== 0) throw new Error(pushed.err);
    });
    ledger.pushes.push({ ref: unpushed.ref, commit: unpushed.commit() });
    if (engine === 'pglite') await large.submit();
    await unsubmitted.submit();
    for (const work of [judged, ...ledger.submits]) {
      await approveOnce(reviewer, persist, ledger, work);
      await untilLanded(reviewer, persist, work);
    }
    await untilSwept(gitDirOf(disk.folder));
    expect(await breaches(gateway, ledger, gitDirOf(disk.folder))).toEqual([]);
    const gates = (await allEvents(gateway)).filter(({ type }) => type === 'gate.ended');
    expect(gates.map(({ data }) => data.passed)).toEqual(gates.map(() => true));
    await gateway.close();
  });

  it.skipIf(engine === 'pglite')(
    'blames nobody whose stack it cannot build, and lands all once there is room',
    async () => {
      const gateway = await startFaultGateway(options);
      const ledger = emptyLedger();
      const persist = persistOn(() => gateway);
      const { agents, reviewer } = await prepareLine(gateway, planOf(4), 1);
      const [agent = expect.fail('no agent')] = agents;
      const works = [];
      for (let n = 0; n < 4; n++)
        works.push((await workOnce(agent, persist, ledger)) ?? expect.fail('no task was left'));
      for (const { change } of works) await untilJudging(gateway, change);
      const { stop } = await gateway.owner.cord.pull.mutate({ project, colour: 'red', why: 'all at once' });
      for (const work of works) await approveOnce(reviewer, persist, ledger, work);
      disk.fill();
      await gateway.owner.cord.clear.mutate({ project, stop, rootCause });
      await waitUntil(() => /"disk\.full".*"msg":"landing"/.test(gateway.log()));
      const states = await Promise.all(
        works.map(async ({ change }) => (await gateway.owner.change.show.query({ project, change })).state),
      );
      expect(new Set(states)).toEqual(new Set(['approved']));
      disk.free();
      for (const work of works) await untilLanded(reviewer, persist, work);
      await untilSwept(gitDirOf(disk.folder));
      expect(await breaches(gateway, ledger, gitDirOf(disk.folder))).toEqual([]);
      await gateway.close();
    },
  );

  it('keeps a gateway from starting, says so, and has broken nothing', async () => {
    const gateway = await startFaultGateway(options);
    const ledger = emptyLedger();
    const { agents } = await prepareLine(gateway, planOf(2, ''), 1);
    const [agent = expect.fail('no agent')] = agents;
    await workOnce(
      agent,
      persistOn(() => gateway),
      ledger,
    );
    disk.fill();
    await gateway.destroy();
    // The killed write may have left a little room.
    disk.fill();
    const refused = await startFaultGateway(options).catch((error: unknown) => error);
    if (!(refused instanceof StartRefused)) throw new Error('it started');
    expect(refused.code).toBe('disk.full');
    expect(refused.message).toMatch(engine === 'pglite' ? /0 MB left/ : /0 bytes left/);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(existsSync(gitDirOf(disk.folder))).toBe(true);
    disk.free();
    const again = await startFaultGateway(options);
    expect(await breaches(again, ledger, gitDirOf(disk.folder))).toEqual([]);
    await again.close();
  });
});

describe.skipIf(whyNot !== undefined)('a disk without room for the log of PGlite', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = openSmallDisk(200);
    preparePglite(join(disk.folder, 'data'));
  });
  afterEach(() => disk.close());

  it('is written to no more, because PGlite would spin for ever; it is read, and the gateway ends in order', async () => {
    const gateway = await startFaultGateway({ folder: disk.folder });
    await prepareLine(gateway, planOf(1, ''), 1);
    // Enough for its tables, too little for one segment.
    disk.fill(12 * mega);
    const body = { project, kind: 'report', title: 'None', body: 'none' } as const;
    const refused = await gateway.owner.report.write.mutate(body).catch((error: Error) => error.message);
    expect(refused).toMatch(
      /^disk\.full: `the database`: found `\d+ MB left`, limit `at least 64 MB`, .*; next: /,
    );
    expect(await gateway.owner.project.list.query({})).toHaveLength(1);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
    disk.free();
    expect(await codeOf(gateway.owner.report.write.mutate(body))).toBeUndefined();
    disk.fill(12 * mega);
    expect(await gateway.close()).toEqual({ code: 0, signal: null });
  });
});

describe.skipIf(whyNot !== undefined)('a full disk under PostgreSQL', () => {
  let disk: SmallDisk;
  let server: PostgresServer;
  beforeEach(async () => {
    disk = openSmallDisk(200);
    server = await startPostgres(['fsync=off'], disk.folder);
  });
  afterEach(async () => {
    await server.stop();
    disk.close();
  });

  it('is disk.full for calls and pushes, which go through once there is room', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-full-'));
    const gateway = await startFaultGateway({ folder, databaseUrl: server.url });
    const ledger = emptyLedger();
    const persist = persistOn(() => gateway);
    const { agents, reviewer } = await prepareLine(gateway, planOf(1, ''), 1);
    const held = await hold(gateway, agents[0] ?? expect.fail('no agent'), ledger);
    disk.fill();
    // The row of a push may fit when that of a renewal did not: pushes use up the remaining room.
    await waitUntil(async () => {
      await untilFull(held);
      const pushed = await held.push();
      if (pushed.code !== 0) {
        expect(pushed.err).toContain('disk.full');
        expect(pushed.err).not.toContain('internal');
        return true;
      }
      await held.grow(2);
      return false;
    });
    disk.free();
    expect((await held.push()).code).toBe(0);
    ledger.pushes.push({ ref: held.ref, commit: held.commit() });
    await held.submit();
    for (const work of ledger.submits) {
      await approveOnce(reviewer, persist, ledger, work);
      await untilLanded(reviewer, persist, work);
    }
    expect(await breaches(gateway, ledger, gitDirOf(folder))).toEqual([]);
    await gateway.close();
  });
});
