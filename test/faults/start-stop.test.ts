import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDatabase, engines, preparePglite } from '../support/engines.ts';
import { breaches, gitDirOf } from '../support/fault-audit.ts';
import { type FaultOptions, StartRefused, startFaultGateway } from '../support/fault-gateway.ts';
import {
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
import { waitUntil } from '../support/wait.ts';

const place = async (engine: 'pglite' | 'postgres'): Promise<FaultOptions> => ({
  folder: mkdtempSync(join(tmpdir(), 'andon-start-')),
  ...(engine === 'postgres' ? { databaseUrl: await createDatabase() } : {}),
});

async function refusalOf(options: FaultOptions): Promise<StartRefused> {
  const refused = await startFaultGateway(options).catch((error: unknown) => error);
  if (!(refused instanceof StartRefused)) throw new Error('it started');
  return refused;
}

describe('a start that cannot be', () => {
  it('on the PGlite folder of a living gateway is refused with store.locked, and the process ends', async () => {
    const options = await place('pglite');
    const first = await startFaultGateway(options);
    const refused = await refusalOf(options);
    expect(refused.code).toBe('store.locked');
    expect(refused.message).toContain('stop the other gateway');
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    await first.owner.project.list.query({});
    await first.close();
  });

  it.each(engines)(
    'on a port in use is refused with gateway.port, and the process ends, on %s',
    async (engine) => {
      const first = await startFaultGateway(await place('postgres'));
      const port = Number(new URL(first.url).port);
      const refused = await refusalOf({ ...(await place(engine)), config: { port } });
      expect(refused.code).toBe('gateway.port');
      if (process.platform === 'linux') expect(refused.message).toMatch(/process \d+ \(node.*\) of user \d+/);
      expect(await refused.ended).toEqual({ code: 1, signal: null });
      await first.close();
    },
  );
});

describe('a start on a machine without processes left', () => {
  it('is refused with machine.exhausted: it could not tell how well gates are contained', async () => {
    const options = await place('postgres');
    const says = 'bwrap: Creating new namespace failed: Resource temporarily unavailable';
    writeFileSync(join(options.folder, 'bwrap'), `#!/bin/sh\necho ${says} >&2\nexit 1\n`, { mode: 0o755 });
    const refused = await refusalOf({ ...options, env: { PATH: `${options.folder}:${process.env.PATH}` } });
    expect(refused.code).toBe('machine.exhausted');
    expect(refused.message).toContain(says);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
  });
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('left out: data folders of another user, because only root can give files away');

describe.runIf(isRoot)('a start on what another user has made', () => {
  it.each(['db', 'repos'])('is refused with file.denied before anything is written: %s', async (name) => {
    const options = await place('pglite');
    preparePglite(join(options.folder, 'data'));
    const theirs = join(options.folder, 'data', name);
    mkdirSync(theirs, { recursive: true });
    chownSync(theirs, 65534, 65534);
    const before = readdirSync(theirs);
    const refused = await refusalOf(options);
    expect(refused.code).toBe('file.denied');
    expect(refused.message).toContain(theirs);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(readdirSync(theirs)).toEqual(before);
    chownSync(theirs, 0, 0);
    expect(await (await startFaultGateway(options)).close()).toEqual({ code: 0, signal: null });
  });
});

describe.each(engines)('SIGTERM on %s', (engine) => {
  it('with a push and a gate running ends by itself, and the next start finishes both', async () => {
    const options = await place(engine);
    let gateway = await startFaultGateway(options);
    const persist = persistOn(() => gateway);
    const ledger = emptyLedger();
    const { agents, reviewer } = await prepareLine(gateway, planOf(3, 'sleep 2'), 2);
    const [gated, pusher] = agents;
    if (gated === undefined || pusher === undefined) throw new Error('two agents');
    const work = (await workOnce(gated, persist, ledger)) ?? expect.fail('no task');
    const { task } = await gateway.client(pusher.token).task.claim.mutate({ project });
    const { id = '', epoch = 0 } = task ?? {};
    const commit = await commitFor(pusher, persist, id, epoch);
    const push = () =>
      git(
        join(pusher.folder, 'clone'),
        ['push', `${gateway.url}/git/${project}.git`, `${commit}:refs/heads/task/${id}/${epoch}/work`],
        { url: gateway.url, token: pusher.token },
      );
    const pushed = push();
    const started = performance.now();
    expect(await gateway.close()).toEqual({ code: 0, signal: null });
    expect(performance.now() - started).toBeLessThan(10_000);
    const first = await pushed;
    gateway = await startFaultGateway(options);
    if (first.code === 0) ledger.pushes.push({ ref: `refs/heads/task/${id}/${epoch}/work`, commit });
    await waitUntil(async () => (await push()).code === 0);
    await approveOnce(reviewer, persist, ledger, work);
    await untilLanded(reviewer, persist, work);
    expect(await breaches(gateway, ledger, gitDirOf(options.folder))).toEqual([]);
    await gateway.close();
  });
});

describe('a repository that cannot be written', () => {
  it('refuses a push, changes nothing, and takes it as soon as it can be written again', async () => {
    const options = await place('postgres');
    const gateway = await startFaultGateway(options);
    const ledger = emptyLedger();
    const persist = persistOn(() => gateway);
    const { agents } = await prepareLine(gateway, planOf(3, ''), 1);
    const [agent] = agents;
    if (agent === undefined) throw new Error('one agent');
    const { task } = await gateway.client(agent.token).task.claim.mutate({ project });
    const { id = '', epoch = 0 } = task ?? {};
    const commit = await commitFor(agent, persist, id, epoch);
    const ref = `refs/heads/task/${id}/${epoch}/work`;
    const push = () =>
      git(join(agent.folder, 'clone'), ['push', `${gateway.url}/git/${project}.git`, `${commit}:${ref}`], {
        url: gateway.url,
        token: agent.token,
      });
    const heads = join(gitDirOf(options.folder), 'refs', 'heads', 'task');
    // A file in the place of the ref's folder: git's write of the ref fails after the judge said yes, for
    // root too.
    writeFileSync(heads, '');
    const refused = await push();
    expect(refused.code).not.toBe(0);
    expect(refused.err).toMatch(/refused|failed|cannot/);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    rmSync(heads);
    expect((await push()).code).toBe(0);
    ledger.pushes.push({ ref, commit });
    expect(await breaches(gateway, ledger, gitDirOf(options.folder))).toEqual([]);
    await gateway.close();
  });
});
