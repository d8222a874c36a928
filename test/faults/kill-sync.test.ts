import { renameSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, shareOf } from '../support/engines.ts';
import { gitDirOf } from '../support/fault-audit.ts';
import { type FaultGateway, type FaultOptions, startFaultGateway } from '../support/fault-gateway.ts';
import { NotYet, persistOn, planOf, prepareLine, project } from '../support/fault-line.ts';
import { untilStopped } from '../support/fault-pause.ts';
import { mustGit } from '../support/gateway.ts';
import { killedOptions } from '../support/killed-options.ts';
import { type Beside, besideOf } from '../support/upstream.ts';

const forward = ['after-sync-intent', 'project.synced before commit', 'after-sync-move', 'after-sync-done'];
const merged = ['sync-fetched', ...forward, 'after-sync-push', 'cord.cleared before commit'];

describe.each(engines)('a gateway killed with SIGKILL between the steps of a sync, on %s', (engine) => {
  let options: FaultOptions;
  let gateway: FaultGateway;
  let beside: Beside;
  let begin: string;
  const persist = persistOn(() => gateway);
  const folder = () => gitDirOf(options.folder);
  const main = () => mustGit(folder(), ['rev-parse', 'main']);

  beforeAll(async () => {
    options = await killedOptions(engine, { upstreamFreshMs: 100 });
    gateway = await startFaultGateway(options);
    const plan = planOf(1, '');
    await prepareLine(gateway, plan, 0);
    beside = await besideOf(folder());
    await gateway.owner.plan.put.mutate({
      project,
      text: `${plan}\nupstream: { url: "${beside.upstream}" }\n`,
    });
    begin = await main();
  });
  afterAll(async () => {
    await gateway?.destroy();
    beside?.close();
  });

  /** Arms the point, makes a call that passes it, and starts the gateway again. */
  async function killAt(point: string, call: () => Promise<unknown>): Promise<void> {
    await gateway.arm(point);
    const restarted = gateway.ended.then(async ({ signal }) => {
      expect(signal).toBe('SIGKILL');
      gateway = await startFaultGateway(options);
    });
    await Promise.all([call(), restarted]);
  }

  /** Each move of main from `begin` on has its row; answers what is wrong. */
  async function faults(): Promise<string[]> {
    const rows = await persist(({ owner }) => owner.project.syncs.query({ project, limit: 500 }));
    const byFrom = new Map(rows.map((row) => [row.oldMain, row]));
    const wrong = rows.length === byFrom.size ? [] : ['two rows moved one main'];
    let at = begin;
    for (let row = byFrom.get(at); row !== undefined; row = byFrom.get(at)) {
      at = row.newMain;
      const parents = await mustGit(folder(), ['log', '-1', '--format=%P', at]);
      if (row.change !== null && !parents.startsWith(`${row.oldMain} `))
        wrong.push(`${at} has other parents`);
      byFrom.delete(row.oldMain);
    }
    if (at !== (await main())) wrong.push(`main is not at ${at}, where its rows lead`);
    return byFrom.size === 0 ? wrong : [...wrong, 'a row lies beside the way'];
  }

  /** Main and the upstream are the same, nothing is stopped, and each move of main has its row. */
  const untilAgreed = () =>
    persist(async ({ owner }) => {
      const { stops } = await owner.cord.status.query({ project });
      if (stops.length > 0 || (await main()) !== (await beside.tip())) throw new NotYet('both differ');
    });

  it.each(shareOf(engine, forward))('forward, killed at `%s`', async (point) => {
    const tip = await beside.push({ [point]: point });
    // The intent of the killed gateway is void once main was fenced off from it; the answer says to sync again.
    const isVoid = (error: Error): boolean => error.message.includes('andon sync again');
    await killAt(point, () =>
      persist((_endpoint, requestId) =>
        gateway
          .client(gateway.ownerToken(), requestId)
          .project.sync.mutate({ project })
          .catch((error: Error) => (isVoid(error) ? undefined : Promise.reject(error))),
      ),
    );
    await persist(async ({ owner }) => {
      await owner.project.sync.mutate({ project }).catch((error: Error) => {
        throw isVoid(error) ? new NotYet(error.message) : error;
      });
      if ((await main()) !== tip) throw new NotYet('main has not moved');
    });
    expect(await faults()).toEqual([]);
  });

  it.each(shareOf(engine, merged))('a merge, killed at `%s`', async (point) => {
    // The upstream is rewritten: its last commit is another one than the one that main has.
    await beside.rewrite({ [point]: 'merged' });
    const opened = await persist(({ owner }) => owner.project.merge.mutate({ project }));
    const change = 'change' in opened ? opened.change : expect.fail('nothing to merge');
    const { tree } = await persist(({ owner }) => owner.change.show.query({ project, change }));
    await killAt(point, () =>
      persist((_endpoint, requestId) =>
        gateway
          .client(gateway.ownerToken(), requestId)
          .verdict.approve.mutate({ project, change, tree, ownWork: true }),
      ),
    );
    await untilAgreed();
    expect((await persist(({ owner }) => owner.change.show.query({ project, change }))).state).toBe('landed');
    expect(await faults()).toEqual([]);
  });

  it('pushes a merge that landed while the upstream was away, once it answers', async () => {
    await beside.rewrite({ away: 'away' });
    const opened = await gateway.owner.project.merge.mutate({ project });
    const change = 'change' in opened ? opened.change : expect.fail('nothing to merge');
    const { tree } = await gateway.owner.change.show.query({ project, change });
    await gateway.arm('after-sync-intent', 'SIGSTOP');
    const approved = gateway.owner.verdict.approve.mutate({ project, change, tree, ownWork: true });
    await untilStopped(gateway);
    renameSync(beside.upstream, `${beside.upstream}.away`);
    gateway.kill('SIGCONT');
    await approved;
    await persist(async ({ owner }) => {
      if ((await owner.change.show.query({ project, change })).state !== 'landed')
        throw new NotYet('not landed');
    });
    expect((await gateway.owner.cord.status.query({ project })).stops).toHaveLength(1);
    renameSync(`${beside.upstream}.away`, beside.upstream);
    await untilAgreed();
    expect(await faults()).toEqual([]);
  });
});
