import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type GateRunnerProcess, processesWith, startGateRunner } from '../support/gate-runner-process.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { type OtherNetwork, openNetwork, whyNoNetwork } from '../support/network-namespace.ts';
import { planHead } from '../support/plan-head.ts';
import { containments, pathFor } from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'far';
const gateLeaseMs = 3_000;
/** Marks the sleeps of this process's gates: tests of another checkout may run. */
const sleep = `sleep 8.${process.pid}`;
const plan = `
${planHead({ project })}
gates:
  tests: { run: "grep -rqs slow src && ${sleep}; true", timeout: 1m }
  made: { run: "cat kept/out", timeout: 1m, setup: { run: "mkdir kept && local-tool > kept/out", from: [package.json], keep: [kept] } }
tasks:
${Array.from({ length: 2 }, (_, n) => `  m${n}: { title: T, phase: build, write: ["src/m${n}/**"], gates: [made] }`).join('\n')}
${Array.from({ length: 9 }, (_, n) => `  t${n}: { title: T, phase: build, write: ["src/t${n}/**"], gates: [tests] }`).join('\n')}
`;

const missing = whyNoNetwork();
if (missing !== undefined)
  console.error(`SKIPPED: a runner of gates in another network namespace: ${missing}`);

describe.each(containments)('a gate whose runner fails it, contained by %s', (containment) => {
  let line: Line;
  let builder: Hand;
  let path = '';
  const folder = mkdtempSync(join(tmpdir(), 'andon-gate-runners-'));
  let started: GateRunnerProcess[] = [];
  let network: OtherNetwork | undefined;

  beforeAll(async () => {
    chmodSync(folder, 0o711);
    network = missing === undefined ? openNetwork() : undefined;
    const address = network?.address;
    const reached = address === undefined ? {} : { host: address, hosts: [address], behindProxy: true };
    const config = { gatesAtOnceMax: 0, gateLeaseMs, ...reached };
    line = await openLine('postgres', { plan, project, config });
    builder = await line.mint('agent:builder');
    path = pathFor(containment);
  });
  afterEach(async () => {
    await Promise.all(started.map((one) => one.kill()));
    started = [];
  });
  afterAll(async () => {
    await line?.close();
    network?.close();
    for (const one of [folder, ...(containment === 'other' ? [path] : [])])
      rmSync(one, { recursive: true, force: true });
  });

  async function runner(
    name: string,
    inside: readonly string[] = [],
    tools?: string,
  ): Promise<GateRunnerProcess> {
    const one = await startGateRunner(line, {
      project,
      name: `${name}-${containment}`,
      folder,
      path: tools === undefined ? path : `${tools}:${path}`,
      inside,
    });
    started.push(one);
    return one;
  }
  let task = 0;
  const offer = (text: string) => {
    const name = `t${task++}`;
    return line.offer(builder, name, { [`src/${name}/x`]: text });
  };
  const gateOf = async (change: string) => (await line.change(change)).gates[0];
  /** Offers a change whose gate the runner carries out, and waits until its command runs. */
  async function underWay(one: GateRunnerProcess): Promise<string> {
    const { change } = await offer('slow');
    await waitUntil(
      async () => (await gateOf(change))?.runner === one.name && processesWith(sleep).length > 0,
    );
    return change;
  }
  const endsOf = async (change: string) =>
    (await line.events()).filter(
      ({ type, subject }) => type === 'gate.ended' && subject === `change/${change}`,
    );

  it('runs elsewhere within the lease when its runner is killed, and no process is left', async () => {
    const one = await runner('killed');
    const change = await underWay(one);
    await one.kill();
    const killedMs = performance.now();
    await waitUntil(() => processesWith(sleep).length === 0, 5_000);
    const two = await runner('heir');
    await waitUntil(async () => (await gateOf(change))?.runner === two.name, gateLeaseMs + 5_000);
    console.log(`${containment}: taken over ${Math.round(performance.now() - killedMs)} ms after the kill`);
    await line.until(change, 'judging');
    expect((await endsOf(change)).map(({ data }) => data.runner)).toEqual([two.name]);
  });

  it('is not ended by a runner that slept past its lease, and that runner goes on', async () => {
    const one = await runner('stopped');
    const change = await underWay(one);
    one.child.kill('SIGSTOP');
    const two = await runner('awake');
    await waitUntil(async () => (await gateOf(change))?.runner === two.name, gateLeaseMs + 10_000);
    one.child.kill('SIGCONT');
    await line.until(change, 'judging');
    expect((await endsOf(change)).map(({ data }) => data.runner)).toEqual([two.name]);
    await two.kill();
    const next = await offer('fine');
    await line.until(next.change, 'judging');
    expect((await gateOf(next.change))?.runner).toBe(one.name);
  });

  it('has the set-up of the machine that it runs on, and waits where that cannot be made', async () => {
    // Gates see this folder, and no other temporary one.
    const tools = mkdtempSync('/var/tmp/andon-tools-');
    try {
      chmodSync(tools, 0o755);
      writeFileSync(join(tools, 'local-tool'), '#!/bin/sh\necho made here\n', { mode: 0o755 });
      const bare = await runner('bare');
      const { change } = await line.offer(builder, 'm0', { 'src/m0/x': 'x' });
      await waitUntil(async () => (await line.events()).some(({ type }) => type === 'setup.failed'));
      expect(await line.change(change)).toMatchObject({ state: 'gating', gates: [{ status: 'waiting' }] });
      await bare.kill();
      const able = await runner('able', [], tools);
      await line.until(change, 'judging');
      expect(await gateOf(change)).toMatchObject({ runner: able.name, output: 'made here\n' });
      await able.kill();
      // Each machine has an entry of its own: what one has made is no other's.
      writeFileSync(join(tools, 'local-tool'), '#!/bin/sh\necho made there\n', { mode: 0o755 });
      const other = await runner('other', [], tools);
      const next = await line.offer(builder, 'm1', { 'src/m1/x': 'x' });
      await line.until(next.change, 'judging');
      expect(await gateOf(next.change)).toMatchObject({ runner: other.name, output: 'made there\n' });
    } finally {
      rmSync(tools, { recursive: true, force: true });
    }
  });

  it.skipIf(missing !== undefined)(
    'is killed by a runner that is cut off, within its lease, and runs elsewhere',
    async () => {
      const one = await runner('cut', network?.inside);
      const change = await underWay(one);
      network?.cut();
      const cutMs = performance.now();
      await waitUntil(() => processesWith(sleep).length === 0, gateLeaseMs + 5_000);
      console.log(
        `${containment}: its command was dead ${Math.round(performance.now() - cutMs)} ms after the cut`,
      );
      const two = await runner('near');
      await waitUntil(async () => (await gateOf(change))?.runner === two.name, gateLeaseMs + 10_000);
      await line.until(change, 'judging');
      await two.kill();
      network?.mend();
      const next = await offer('fine');
      await line.until(next.change, 'judging');
      expect((await gateOf(next.change))?.runner).toBe(one.name);
      expect(await endsOf(change)).toHaveLength(1);
    },
  );
});
