import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createEmptyDatabase } from '../support/engines.ts';
import { allEvents, breaches, gitDirOf } from '../support/fault-audit.ts';
import { type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import {
  type Agent,
  approveOnce,
  emptyLedger,
  persistOn,
  prepareLine,
  project,
  untilLanded,
  workOnce,
} from '../support/fault-line.ts';
import { random } from '../support/random.ts';
import { seed } from '../support/seed.ts';
import { waitUntil } from '../support/wait.ts';

const gatewaysCount = 5;
const roundsCount = 3;
const workCount = 12;
/** The promise of SECURITY.md about a gateway whose feed is silent; 100 ms when the machine is not overloaded. */
const heardWithinMs = 3000;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const late = (round: number, gateway: number): string => `late${round}-${gateway}`;
const task = (id: string, phase: string, more: string): string =>
  `  ${id}: { title: ${id}, phase: ${phase}, write: ["src/${id}/**"], ${more} }`;
const plan = `
version: 1
project: ${project}
done: landed
phases: [build, ${numbers(roundsCount)
  .map((round) => `late${round}`)
  .join(', ')}]
lease: 60s
gates:
  ok: { run: "true", timeout: 1m }
tasks:
${numbers(workCount)
  .map((n) => task(`t${n}`, 'build', 'gates: [ok]'))
  .join('\n')}
${numbers(roundsCount)
  .flatMap((round) =>
    numbers(gatewaysCount).map((n) => task(late(round, n), `late${round}`, 'requires: [probe]')),
  )
  .join('\n')}
`;
const rootCause = {
  whys: [{ why: 'a test pulled it', evidence: 'this file' }],
  kind: 'test' as const,
  prevention: 'none is needed',
};

const folder = mkdtempSync(join(tmpdir(), 'andon-five-'));
const gateways: FaultGateway[] = [];
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.destroy()));
  rmSync(folder, { recursive: true, force: true });
});

type Failed = { data: { andon: { code: string } } };
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'answered',
    (error: Failed) => error.data.andon.code,
  );

it('five gateways on one database: whichever is killed, the others know at once what was revoked, opened and stopped', async () => {
  console.log(`seed ${seed}`);
  const draw = random(seed);
  const options = { folder, databaseUrl: await createEmptyDatabase() };
  gateways.push(...(await Promise.all(numbers(gatewaysCount).map(() => startFaultGateway(options)))));
  const any = (): FaultGateway => gateways[Math.floor(draw() * gateways.length)] ?? expect.fail('none is up');
  const first = any();
  const { agents, reviewer } = await prepareLine(first, plan, 3);
  const mint = async (agent: string) => {
    const cap = { tier: 'implementer' as const, skills: ['probe'] };
    const { token = '', grant } = await any().owner.token.mint.mutate({ project, agent, cap });
    return { token, grant };
  };
  const probe = await mint('agent:probe');
  const claim = (at: FaultGateway, id: string, token = probe.token) =>
    at.client(token).task.claim.mutate({ project, task: id });

  const ledger = emptyLedger();
  const carryOut = async (agent: Agent): Promise<void> => {
    const persist = persistOn(any);
    for (;;) {
      const work = await workOnce(agent, persist, ledger);
      if (work === undefined) return;
      await approveOnce(reviewer, persist, ledger, work);
      await untilLanded(reviewer, persist, work);
    }
  };
  const working = Promise.all(agents.map(carryOut));

  const queriesMs: number[] = [];
  const revocationReaches = async (): Promise<string> => {
    const { token, grant } = await mint('agent:gone');
    for (const one of gateways) await one.client(token).task.list.query({ project });
    await any().owner.token.revoke.mutate({ project, kind: 'grant', value: grant, why: 'test' });
    const started = performance.now();
    for (const one of gateways) expect(await codeOf(claim(one, 't0', token))).toBe('token.revoked');
    for (const one of gateways) {
      const isRefused = async () =>
        (await codeOf(one.client(token).task.list.query({ project }))) === 'token.revoked';
      await waitUntil(isRefused, heardWithinMs);
      queriesMs.push(Math.round(performance.now() - started));
    }
    return token;
  };
  const phaseReaches = async (round: number): Promise<void> => {
    const closed = await Promise.all(gateways.map((one, n) => codeOf(claim(one, late(round, n)))));
    expect(new Set(closed)).toEqual(new Set(['phase.closed']));
    await any().owner.phase.advance.mutate({ project, phase: `late${round}`, why: 'test' });
    for (const [n, one] of gateways.entries()) {
      const { task: held } = await claim(one, late(round, n));
      const epoch = held?.epoch ?? expect.fail(`${late(round, n)} was not given`);
      await one
        .client(probe.token)
        .task.release.mutate({ project, task: late(round, n), epoch, why: 'test' });
    }
  };
  const cordReaches = async (round: number): Promise<void> => {
    const id = late(round, 0);
    const scope = `task/${id}`;
    const { stop } = await any()
      .client(probe.token)
      .cord.pull.mutate({ project, colour: 'red', scope, why: 'test' });
    for (const one of gateways) {
      expect(await codeOf(claim(one, id))).toBe('line.stopped');
      expect((await one.owner.cord.status.query({ project })).stops.map(({ id: open }) => open)).toEqual([
        stop,
      ]);
    }
    await any().owner.cord.clear.mutate({ project, stop, rootCause });
    const { task: held } = await claim(any(), id);
    await any()
      .client(probe.token)
      .task.release.mutate({ project, task: id, epoch: held?.epoch ?? 0, why: 'test' });
  };

  for (const round of numbers(roundsCount)) {
    const [victim] = gateways.splice(Math.floor(draw() * gateways.length), 1);
    await victim?.destroy();
    const gone = await revocationReaches();
    const fresh = await startFaultGateway(options);
    gateways.push(fresh);
    // The gateway learns of events during its absence at its start.
    expect(await codeOf(fresh.client(gone).task.list.query({ project }))).toBe('token.revoked');
    await phaseReaches(round);
    await cordReaches(round);
  }
  await working;
  console.log(
    `queries of a revoked token were refused after ${queriesMs.join(', ')} ms, one gateway after the other`,
  );

  const [one = first] = gateways;
  expect(await breaches(one, ledger, gitDirOf(folder))).toEqual([]);
  const events = await allEvents(one);
  expect(events.filter(({ type }) => type === 'change.landed')).toHaveLength(workCount);
  await Promise.all(
    gateways.map((gateway) =>
      streamsAll(
        gateway,
        events.map(({ position }) => position),
      ),
    ),
  );
});

/** Checks that the stream of a gateway has every sequenced event, in order, each once. */
async function streamsAll({ owner }: FaultGateway, sequenced: readonly number[]): Promise<void> {
  const seen: number[] = [];
  const subscription = owner.event.stream.subscribe(
    { project, lastEventId: 0 },
    { onData: ({ data }) => void seen.push(data.position) },
  );
  await waitUntil(() => seen.length >= sequenced.length);
  subscription.unsubscribe();
  expect(seen.slice(0, sequenced.length)).toEqual(sequenced);
}
