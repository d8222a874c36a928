import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtMain } from './cli.ts';
import { type GateRunnerProcess, startGateRunner } from './gate-runner-process.ts';
import { mustGit } from './gateway.ts';
import { type Line, openLine } from './line.ts';
import { openNetwork } from './network-namespace.ts';
import { planHead } from './plan-head.ts';
import { runProgram } from './program.ts';
import { besideOf, mainFaults } from './upstream.ts';
import { waitUntil } from './wait.ts';

/** Parts of the story that differ: the repository, its gate, and the number of changes. */
export interface StoryOptions {
  /** A repository of somebody else's; a small one when absent. */
  readonly source?: string;
  /** The gate in the plan, as YAML. */
  readonly gate: string;
  readonly changes: number;
  /** Search path of the runners. */
  readonly path: string;
  readonly withinMs: number;
}

/** The end of the story. */
export interface StoryEnd {
  readonly faults: readonly string[];
  /** True when main and the upstream are one commit. */
  readonly isSame: boolean;
  /** Files that every change and both pushes of the colleague brought, and that main does not have. */
  readonly missing: readonly string[];
  /** Names of the runners that ended gates, and of those whose gate was carried out elsewhere. */
  readonly runners: readonly string[];
  /** Each commit of main since the beginning, the latest first, with whoever vouches for it. */
  readonly log: readonly string[];
}

const project = 'far';

/**
 * Two runners in networks of their own carry the gates of changes, one is killed amid a gate, and a colleague pushes to the
 * upstream twice: forward, and beside what has landed, which `andon sync --merge` brings together.
 */
export async function tellStory(options: StoryOptions): Promise<StoryEnd> {
  const { changes: count, withinMs } = options;
  const folder = mkdtempSync(join(tmpdir(), 'andon-story-'));
  chmodSync(folder, 0o711);
  const networks = [openNetwork(101), openNetwork(102)] as const;
  const { address } = networks[0];
  for (const { inside, address: via } of networks)
    execFileSync(inside[0] ?? '', [...inside.slice(1), 'ip', 'route', 'add', 'default', 'via', via]);
  const tasks = Array.from({ length: count }, (_, n) => `t${n}`);
  const planOf = (upstream: string): string => `
${planHead({ project })}
landing: { batch: 4 }
upstream: { url: "${upstream}", follow: true }
gates:
  tests: ${options.gate}
tasks:
${tasks.map((task) => `  ${task}: { title: Work ${task}, phase: build, write: ["docs/${task}/**"], gates: [tests] }`).join('\n')}
`;
  const reached = { host: address, hosts: [address], behindProxy: true };
  const config = { gatesAtOnceMax: 0, gateLeaseMs: 3_000, upstreamFreshMs: 0, ...reached };
  const from = options.source === undefined ? {} : { source: options.source };
  const line = await openLine('postgres', { plan: planOf('/nowhere'), project, config, ...from });
  const beside = await besideOf(line.app.gateway.git.folderOf(project));
  const runners: GateRunnerProcess[] = [];
  try {
    await line.owner.plan.put.mutate({ project, text: planOf(beside.upstream) });
    const begin = await line.main();
    for (const [n, { inside }] of networks.entries()) {
      const place = { project, name: `box-${n + 1}`, folder, path: options.path, gates: 1, inside };
      runners.push(await startGateRunner(line, place));
    }
    const builder = await line.mint('agent:builder');
    const reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    const approve = async (change: string) => {
      const { tree } = await line.change(change);
      await reviewer.client.verdict.approve.mutate({ project, change, tree });
    };
    const until = (change: string, state: string) =>
      waitUntil(async () => (await line.change(change)).state === state, withinMs);
    const offered: string[] = [];
    for (const task of tasks)
      offered.push((await line.offer(builder, task, { [`docs/${task}/page.md`]: `${task}\n` })).change);
    await killAmidGate(line, runners[0], withinMs);
    for (const change of offered) await until(change, 'judging');
    const half = Math.ceil(count / 2);
    await beside.push({ 'docs/forward.md': 'forward\n' }, 'Forward, by a colleague');
    for (const change of offered.slice(0, half)) await approve(change);
    for (const change of offered.slice(0, half)) await until(change, 'landed');
    await waitUntil(async () => (await beside.tip()) === (await line.main()), withinMs);
    renameSync(beside.upstream, `${beside.upstream}.away`);
    await approve(offered[half] ?? '');
    await until(offered[half] ?? '', 'landed');
    // The colleague pushes while the gateway cannot: later, the gateway might come first, and nothing would have parted.
    const origin = (url: string) => mustGit(beside.colleague, ['remote', 'set-url', 'origin', url]);
    await origin(`${beside.upstream}.away`);
    await beside.push({ 'docs/beside.md': 'beside\n' }, 'Beside, by a colleague');
    await origin(beside.upstream);
    renameSync(`${beside.upstream}.away`, beside.upstream);
    for (const change of offered.slice(half + 1)) await approve(change);
    const { change } = JSON.parse(await andon(line, ['sync', '--merge', '--json'])) as { change: string };
    await until(change, 'judging');
    await andon(line, ['verdict', 'approve', change, '--own-work']);
    for (const one of [change, ...offered]) await until(one, 'landed');
    await waitUntil(async () => (await beside.tip()) === (await line.main()), withinMs);
    return await endOf(line, begin, await beside.tip(), tasks);
  } finally {
    await Promise.all(runners.map((one) => one.kill()));
    await line.close();
    beside.close();
    for (const network of networks) network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function killAmidGate(
  line: Line,
  runner: GateRunnerProcess | undefined,
  withinMs: number,
): Promise<void> {
  await waitUntil(async () => {
    const { rows } = { rows: await line.owner.gate.runners.query({ project }) };
    return rows.some(({ name, running }) => name === runner?.name && running > 0);
  }, withinMs);
  await runner?.kill();
}

/** A command of the built program, as the owner. */
async function andon(line: Line, args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: line.folder,
    ANDON_URL: line.url,
    ANDON_TOKEN: line.ownerToken(),
  };
  const ran = await runProgram(process.execPath, [builtMain(), ...args, '--project', project], {
    cwd: line.folder,
    env,
  });
  if (ran.code !== 0) throw new Error(`andon ${args.join(' ')}: ${ran.err}${ran.out}`);
  return ran.out;
}

async function endOf(line: Line, begin: string, tip: string, tasks: readonly string[]): Promise<StoryEnd> {
  const folder = line.app.gateway.git.folderOf(project);
  const files = new Set((await mustGit(folder, ['ls-tree', '-r', '--name-only', 'main'])).split('\n'));
  const wanted = [...tasks.map((task) => `docs/${task}/page.md`), 'docs/forward.md', 'docs/beside.md'];
  const format = '%h %an: %s%n%(trailers:key=Andon-Approved,key=Andon-Vouched)';
  const log = await mustGit(folder, ['log', `--format=${format}`, `${begin}..main`]);
  const ended = (await line.events()).filter(({ type }) => type === 'gate.ended');
  return {
    faults: await mainFaults(line, begin, 1),
    isSame: tip === (await line.main()),
    missing: wanted.filter((path) => !files.has(path)),
    runners: [...new Set(ended.map(({ data }) => String(data.runner)))],
    log: log.split('\n').filter((text) => text !== ''),
  };
}
