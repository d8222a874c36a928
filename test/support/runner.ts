import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gateGateway } from '../../src/cli/runner/gate-gateway.ts';
import { runnerGateway } from '../../src/cli/runner/gateway.ts';
import { programFolders } from '../../src/cli/runner/program-folders.ts';
import type { RunOrder } from '../../src/runner/protocol.ts';
import { type Runner, type RunnerOptions, startRunner } from '../../src/runner/runner.ts';
import type { RunRow } from '../../src/runs/rows.ts';
import { findProgram } from '../../src/sandbox/programs.ts';
import { builtMain } from './cli.ts';
import type { TestGateway } from './gateway.ts';
import { linkTo } from './link.ts';
import { sized } from './size.ts';
import { waitUntil } from './wait.ts';

type Containments = readonly [TestContainment, ...TestContainment[]];
const hasBubblewrap = findProgram('bwrap', process.env.PATH ?? '') !== undefined;

/**
 * Containments of runs on this machine: that which it gives, in `npm run test:long` the one without bubblewrap too. The
 * tests of containment run in each of them by `.ci/containments`.
 */
export const containments: Containments = hasBubblewrap
  ? sized<Containments>(['bubblewrap'], ['bubblewrap', 'other'])
  : ['other'];
export type TestContainment = 'bubblewrap' | 'other';

const programs = [
  'sh',
  'git',
  'node',
  'sleep',
  'setsid',
  'cat',
  'id',
  'ls',
  'head',
  'grep',
  'env',
  'mkfifo',
  'ln',
  'truncate',
  'rm',
  'mkdir',
  'tr',
  'curl',
  'seq',
  'nohup',
  'chmod',
  'wc',
  'dd',
  'date',
  'sed',
  'touch',
  'mv',
  'cp',
  'stat',
  'npm',
  'tar',
];

/** A search path with the programs that agents of tests use, and no bubblewrap. */
function pathWithoutBubblewrap(): string {
  const folder = mkdtempSync(join(tmpdir(), 'andon-path-'));
  chmodSync(folder, 0o755);
  for (const name of programs) {
    const found = name === 'node' ? process.execPath : findProgram(name, process.env.PATH ?? '');
    if (found !== undefined) symlinkSync(found, join(folder, name));
  }
  return folder;
}

/** The search path of a runner that shall contain its runs in that way. */
export const pathFor = (containment: TestContainment): string =>
  containment === 'bubblewrap' ? (process.env.PATH ?? '') : pathWithoutBubblewrap();

export interface TestRunner {
  readonly runner: Runner;
  readonly folder: string;
  close(): Promise<void>;
}

/** A runner in this process, over HTTP and with a separate token, as `andon runner` is. */
export async function startTestRunner(
  gateway: TestGateway,
  project: string,
  containment: TestContainment,
  change: Partial<RunnerOptions> & {
    name?: string;
    env?: Record<string, string>;
    gatewayUrl?: string;
    lengthen?: (order: RunOrder) => RunOrder;
    /** Slots for gates: a runner of gates alone, with none for runs. */
    gateSlots?: number;
  } = {},
): Promise<TestRunner> {
  const {
    name = 'test',
    env = {},
    gatewayUrl = gateway.url,
    lengthen = (order) => order,
    gateSlots: gates = 0,
    ...options
  } = change;
  const budget = { tokens: 0, usdMicro: 0, commits: 0, files: 0, lines: 0, children: 0 };
  const { token = '' } = await gateway.owner.token.mint.mutate({
    project,
    agent: `runner:${name}`,
    cap: { role: gates === 0 ? 'RUNNER' : 'GATE_RUNNER', budget },
  });
  const link = linkTo(gateway.url, token, project);
  const direct = runnerGateway(link, name);
  const folder = mkdtempSync(join(tmpdir(), 'andon-runner-'));
  // The separate user of a run has to enter the run's folder.
  mkdirSync(join(folder, 'work'), { mode: 0o711 });
  const path = pathFor(containment);
  chmodSync(folder, 0o711);
  const main = builtMain();
  const runner = startRunner({
    // Runs reach the gateway by this address; the runner itself calls it directly.
    gateway: {
      ...direct,
      url: gatewayUrl,
      // A relay has no proof for its own address.
      ...(gatewayUrl === gateway.url ? {} : { agent: new Agent({ keepAlive: true }) }),
      take: async (adapters, signal) => {
        const order = await direct.take(adapters, signal);
        return order === null ? null : lengthen(order);
      },
    },
    folder: join(folder, 'work'),
    capacity: gates === 0 ? 8 : 0,
    ...(gates === 0 ? {} : { gates: { slots: gates, gateway: gateGateway(link, name, direct.prover) } }),
    adapters: ['command', 'claude', 'codex'],
    sandbox: 'preferred',
    hidden: [gateway.folder, join(folder, 'work')],
    visible: programFolders([main]),
    launch: [process.execPath, main],
    outer: { PATH: path, ...env },
    keep: false,
    // One copy serves all runners of a checkout that only its owner can read.
    programCopy: join(tmpdir(), 'andon-program'),
    log: (words) => process.env.ANDON_TEST_LOG === undefined || process.stderr.write(`${words}\n`),
    say: (run, words) =>
      process.env.ANDON_TEST_LOG === undefined || process.stderr.write(`${run} ${words}\n`),
    ...options,
  });
  return {
    runner,
    folder,
    close: async () => {
      await runner.close();
      if (containment !== 'bubblewrap') rmSync(path, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The ended run. */
export async function endOf(gateway: TestGateway, project: string, run: string, withinMs = 25_000) {
  let last: Awaited<ReturnType<TestGateway['owner']['run']['show']['query']>> | undefined;
  await waitUntil(async () => {
    last = await gateway.owner.run.show.query({ project, run });
    return last.state === ('ended' satisfies RunRow['state']);
  }, withinMs);
  if (last === undefined) throw new Error('no run was shown');
  return last;
}

/** The whole output of a run. */
export async function outputOf(gateway: TestGateway, project: string, run: string): Promise<string> {
  const { pieces } = await gateway.owner.run.output.query({ project, run, limit: 16 });
  return pieces.map(({ body }) => body).join('');
}
