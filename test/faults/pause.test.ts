import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/store/postgres.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabase, shiftClock } from '../support/engines.ts';
import { allEvents, breaches, gitDirOf } from '../support/fault-audit.ts';
import { type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import {
  type Agent,
  commitFor,
  emptyLedger,
  type Persist,
  persistOn,
  planOf,
  prepareLine,
  project,
  untilLanded,
  workOnce,
} from '../support/fault-line.ts';
import { isStopped, untilStopped, wakeUntil } from '../support/fault-pause.ts';
import { git, mustGit } from '../support/gateway.ts';
import { sized } from '../support/size.ts';
import { waitUntil } from '../support/wait.ts';

const trials = sized(4, 25);
/** Lease of the plan that `planOf` makes. */
const leaseMs = 60_000;
const linux = existsSync('/proc/self/stat');

/** Two gateways on one database and one folder of repositories; one of them is stopped and woken. */
describe.runIf(linux)('a gateway stopped with SIGSTOP while another goes on', () => {
  const ledger = emptyLedger();
  let folder: string;
  let store: Store;
  let paused: FaultGateway;
  let other: FaultGateway;
  let agents: Agent[];
  let reviewer: string;
  let persist: Persist;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-pause-'));
    const databaseUrl = await createDatabase();
    store = await openPostgres({ url: databaseUrl });
    const options = { folder, databaseUrl, config: { abandonedMs: 200 } };
    other = await startFaultGateway(options);
    paused = await startFaultGateway(options);
    persist = persistOn(() => other);
    ({ agents, reviewer } = await prepareLine(other, planOf(trials + 5, ''), 2));
  });
  afterAll(async () => {
    paused?.kill('SIGCONT');
    await Promise.all([paused?.close(), other?.close()]);
    await store?.close();
  });
  /** Ends the lease of every held task; its duration does not depend on the machine. */
  const untilLapsed = (): Promise<void> => shiftClock(store, leaseMs);

  const mainOf = (): Promise<string> => mustGit(gitDirOf(folder), ['rev-parse', 'main']);
  const stateOf = async (change: string): Promise<string> =>
    (await other.owner.change.show.query({ project, change })).state;
  const agent = (n: number): Agent => agents[n] ?? expect.fail(`no agent ${n}`);

  it(`after its intent moves main no more when the other has voided it, ${trials} times`, async () => {
    let stopped = 0;
    for (let tries = 0; tries < trials + 5 && stopped < trials; tries++) {
      await paused.arm('after-intent', 'SIGSTOP');
      const work = (await workOnce(agent(0), persist, ledger)) ?? expect.fail('no task was left');
      const { task, change, tree } = work;
      const approved = paused.client(reviewer).verdict.approve.mutate({ project, change, tree });
      await waitUntil(async () => isStopped(paused) || (await stateOf(change)) === 'landed');
      ledger.verdicts.push(work);
      // The round of the other gateway may be faster; then there is nothing to see.
      if (!isStopped(paused)) continue;
      stopped++;
      const main = await mainOf();
      // A question holds the change back, so that only the sleeper could move main.
      await other.client(agent(0).token).task.ask.mutate({ project, task, question: 'Now?' });
      await waitUntil(async () => (await stateOf(change)) === 'approved');
      await wakeUntil(paused, 'after-done');
      await approved;
      expect(await mainOf()).toBe(main);
      await other.owner.task.answer.mutate({ project, task, answer: 'Now.' });
      await untilLanded(reviewer, persist, work);
    }
    console.log(`${stopped} landers stopped after their intent, none moved main when they woke`);
    expect(stopped).toBe(trials);
    expect(await breaches(other, ledger, gitDirOf(folder))).toEqual([]);
    const voided = (await allEvents(other)).filter(({ type }) => type === 'landing.voided');
    expect(voided).toHaveLength(trials);
  });

  it('reads what it slept through before it answers: no revoked token, and no other is told to wait', async () => {
    const mint = async (name: string): Promise<string> =>
      (await other.owner.token.mint.mutate({ project, agent: name, cap: {} })).token ?? '';
    const [revoked, good] = [await mint('agent:out'), await mint('agent:in')];
    const look = (token: string) => paused.client(token).task.list.query({ project });
    await Promise.all([revoked, good].map(look));
    paused.kill('SIGSTOP');
    await untilStopped(paused);
    const began = performance.now();
    const { jti } = decodeJwt(revoked);
    await other.owner.token.revoke.mutate({ project, kind: 'token', value: jti ?? '', why: 'test' });
    // Memory is too old after three seconds.
    await waitUntil(() => performance.now() - began > 4000);
    const asked = [revoked, good].map((token) =>
      look(token).then(
        () => 'answered',
        (error) => error.data.andon.code,
      ),
    );
    // Both questions wait in the socket when it wakes.
    await waitUntil(() => performance.now() - began > 4500);
    paused.kill('SIGCONT');
    expect(await Promise.all(asked)).toEqual(['token.revoked', 'answered']);
  });

  it('across a lease: what it took in for the former holder changes nothing', async () => {
    const [first, second] = [agent(0), agent(1)];
    const claimed = await paused.client(first.token).task.claim.mutate({ project });
    const { id: task = '', epoch = 0 } = claimed.task ?? {};
    const commit = await commitFor(first, persist, task, epoch);
    paused.kill('SIGSTOP');
    await untilStopped(paused);
    const auth = { url: paused.url, token: first.token };
    const remote = `${paused.url}/git/${project}.git`;
    const pushed = git(
      join(first.folder, 'clone'),
      ['push', remote, `${commit}:refs/heads/${claimed.branch}`],
      auth,
    );
    const renewed = paused.client(first.token).task.renew.mutate({ project, task, epoch });
    const refused = expect(renewed).rejects.toMatchObject({ data: { andon: { code: 'lease.lost' } } });
    await untilLapsed();
    const next = await persistOn(() => other)(async (endpoint) => {
      const answer = await endpoint
        .client(second.token)
        .task.claim.mutate({ project, task })
        .catch(() => undefined);
      if (answer?.task?.id !== task) throw new Error('not free yet');
      return answer.task;
    });
    expect(next.epoch).toBe(epoch + 1);
    paused.kill('SIGCONT');
    await refused;
    const { code, err } = await pushed;
    expect(code).not.toBe(0);
    expect(err).toContain('lease.lost');
    const refs = await mustGit(gitDirOf(folder), ['for-each-ref', '--format=%(refname)', 'refs/heads/task']);
    expect(refs).not.toContain(`task/${task}/${epoch}/`);
  });

  it('between its yes to a push and the move of the ref, across a lease: nothing of it can land', async () => {
    const [first, second] = [agent(0), agent(1)];
    const claimed = await paused.client(first.token).task.claim.mutate({ project });
    const { id: task = '', epoch = 0 } = claimed.task ?? {};
    const commit = await commitFor(first, persist, task, epoch);
    await paused.arm('change.pushed after commit', 'SIGSTOP');
    const auth = { url: paused.url, token: first.token };
    const remote = `${paused.url}/git/${project}.git`;
    const pushed = git(
      join(first.folder, 'clone'),
      ['push', remote, `${commit}:refs/heads/${claimed.branch}`],
      auth,
    );
    await untilStopped(paused);
    await untilLapsed();
    await waitUntil(async () => {
      const answer = await other
        .client(second.token)
        .task.claim.mutate({ project, task })
        .catch(() => undefined);
      return answer?.task?.id === task;
    });
    paused.kill('SIGCONT');
    await pushed;
    const submitted = paused.client(first.token).change.submit.mutate({ project, task, epoch, commit });
    await expect(submitted).rejects.toMatchObject({ data: { andon: { code: 'lease.lost' } } });
    expect(await breaches(other, ledger, gitDirOf(folder))).toEqual([]);
  });
});
