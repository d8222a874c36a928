import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerGateway } from '../../src/cli/runner/gateway.ts';
import type { Client } from '../../src/client.ts';
import { startRunner } from '../../src/runner/runner.ts';
import { confine } from '../../src/sandbox/confine.ts';
import { makeGateRoom } from '../../src/sandbox/gate-room.ts';
import { machineLimitsDefault } from '../../src/sandbox/machine-limits.ts';
import { findContainment } from '../../src/sandbox/sandbox.ts';
import { linkTo } from '../support/link.ts';
import { planHead } from '../support/plan-head.ts';
import { median } from './support/figures.ts';
import { startBenchGateway } from './support/gateway.ts';
import { type BenchTable, runWhenMain } from './support/table.ts';

const rounds = Number(process.env.ROUNDS ?? 15);
const filesInRepository = 500;
const goalMs = 150;
const project = 'bench';
// A run that ends without a verdict stops the line.
const verdict = `printf '{"version":1,"run":"%s","result":"no_progress","summary":"x"}' "$ANDON_RUN" > "$ANDON_VERDICT"`;
// The agent's first line holds its own time: it reaches the gateway later, with the next beat.
const plan = `
${planHead({ project })}
limits: { runs: 100 }
agents:
  first: { tier: executive, adapter: command, retries: 0, run: ${JSON.stringify(`date +%s%N; ${verdict}`)} }
`;

const nowMs = (): number => performance.timeOrigin + performance.now();

/** Runs a program to its end and answers its output. */
function programOut(file: string, args: readonly string[], cwd: string, env = {}): Promise<string> {
  return new Promise((done, reject) => {
    const clean = { PATH: process.env.PATH ?? '', HOME: cwd, GIT_CONFIG_GLOBAL: '/dev/null' };
    const options = { cwd, env: { ...clean, ...env }, stdio: ['ignore', 'pipe', 'inherit'] as const };
    const child = spawn(file, args, { ...options, stdio: [...options.stdio] });
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? done(out) : reject(new Error(`${file}: ${code}`))));
  });
}

async function sourceOf(folder: string): Promise<string> {
  const source = join(folder, 'source');
  for (let n = 0; n < filesInRepository; n++) {
    mkdirSync(join(source, `d${n % 20}`), { recursive: true });
    writeFileSync(join(source, `d${n % 20}`, `f${n}.txt`), `${n}\n`.repeat(40));
  }
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
  await programOut('git', ['init', '-q', '-b', 'main'], source);
  await programOut('git', ['add', '-A'], source);
  await programOut('git', [...who, 'commit', '-q', '-m', 'first'], source);
  return source;
}

interface Peer {
  readonly url: string;
  readonly token: string;
  readonly folder: string;
}

/** The same work without Andon: a clone from the same gateway, and the same process in the same sandbox. */
async function alone({ url, token, folder }: Peer): Promise<number> {
  const place = mkdtempSync(join(folder, 'alone-'));
  const tree = join(place, 'tree');
  const header = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${url}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Bearer ${token}`,
  };
  const begun = nowMs();
  await programOut('git', ['clone', '-q', `${url}/git/${project}.git`, tree], place, header);
  const agent = ['/bin/sh', '-c', 'date +%s%N'];
  const containment = findContainment();
  await makeGateRoom(place, containment);
  const writable = ['tree', 'home', 'tmp'].map((name) => join(place, name));
  const sandbox = { folder: place, writable, accounts: join(place, 'etc'), workFolder: tree };
  const { program, args } = confine(
    containment,
    { ...sandbox, hidden: [], network: false },
    machineLimitsDefault,
    agent,
  );
  const first = Number(await programOut(program, args, tree)) / 1e6;
  rmSync(place, { recursive: true, force: true });
  return first - begun;
}

/** Times a run from the request to the first line of the agent. */
async function byAndon(owner: Client, ended: () => Promise<void>): Promise<number> {
  const over = ended();
  const begun = nowMs();
  const { run } = await owner.agent.spawn.mutate({ project, profile: 'first' });
  // No request is made meanwhile: gateway, runner and this bench are one process.
  await over;
  const { pieces } = await owner.run.output.query({ project, run });
  const line = /^\d{19}$/m.exec(pieces.map(({ body }) => body).join(''))?.[0];
  if (line === undefined) throw new Error('the run printed nothing');
  return Number(line) / 1e6 - begun;
}

export async function run(): Promise<BenchTable> {
  await using gateway = await startBenchGateway();
  const { url, folder, token: ownerToken, owner } = gateway;
  await owner.project.create.mutate({ project, source: await sourceOf(folder) });
  await owner.plan.put.mutate({ project, text: plan });
  const budget = { tokens: 0, usdMicro: 0, commits: 0, files: 0, lines: 0, children: 0 };
  const cap = { role: 'RUNNER', budget };
  const { token = '' } = await owner.token.mint.mutate({ project, agent: 'runner:bench', cap });
  const link = linkTo(url, token, project);
  const ends = new EventEmitter();
  const runner = startRunner({
    gateway: runnerGateway(link, 'bench'),
    folder: join(folder, 'runs'),
    ...{ capacity: 4, adapters: ['command'], sandbox: 'preferred', hidden: [], visible: [], keep: false },
    launch: ['/bin/true'],
    outer: { PATH: process.env.PATH ?? '' },
    log: () => undefined,
    say: (_run, words) => {
      if (!words.includes(' starts')) ends.emit('ended');
    },
  });
  try {
    const figures = { alone: [] as number[], andon: [] as number[] };
    for (let round = 0; round < rounds + 2; round++) {
      const peer = await alone({ url, token: ownerToken, folder });
      const ours = await byAndon(owner, async () => void (await once(ends, 'ended')));
      if (round < 2) continue;
      figures.alone.push(peer);
      figures.andon.push(ours);
    }
    const above = median(figures.andon) - median(figures.alone);
    return {
      title: `spawn: from the request to the first line of the agent, ${filesInRepository} files, PGlite`,
      rows: [
        { what: 'clone and process start alone (p50)', value: `${median(figures.alone).toFixed(0)} ms` },
        {
          what: 'spawn request to first line (p50)',
          value: `${median(figures.andon).toFixed(0)} ms`,
          ratio: `${above.toFixed(0)} ms above`,
          goal: `at most ${goalMs} ms above`,
          ok: above <= goalMs,
        },
      ],
    };
  } finally {
    await runner.close();
  }
}

await runWhenMain(import.meta.url, run);
