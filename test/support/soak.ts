import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../src/client.ts';
import { cleanEnvironment, type Up, up } from './cli.ts';
import { git, mustGit, sourceRepository, write } from './gateway.ts';
import { waitUntil } from './wait.ts';

/** Number of times that each kind of work is done. */
export interface SoakSize {
  readonly pushes: number;
  readonly gates: number;
  readonly runs: number;
  readonly subscriptions: number;
}

/** Resources that the processes of one `andon up` hold. */
export interface Held {
  readonly processes: number;
  readonly descriptors: number;
  /** Resources that keep the gateway awake, by kind: timers, sockets, pipes. */
  readonly resources: Readonly<Record<string, number>>;
  readonly megabytes: number;
  /** Entries of the temporary folder and of the runner's. */
  readonly folders: number;
}

export interface Soak {
  work(size: SoakSize): Promise<void>;
  held(): Promise<Held>;
  /** The output on standard error so far. */
  said(): string;
  close(): Promise<void>;
}

const gatesOfTask = 5;
const lanes = 4;
const runsAtOnce = 50;
const project = 'soak';
const verdict = `printf '{\\"version\\":1,\\"run\\":\\"%s\\",\\"result\\":\\"shipped\\",\\"summary\\":\\"wrote\\"}' $ANDON_RUN > $ANDON_VERDICT`;
const planOf = (tasks: number): string => `version: 1
project: ${project}
done: landed
lease: 1h
phases: [build]
limits: { runs: 100 }
agents:
  writer: { tier: executive, adapter: command, retries: 0, run: "andon report write report --title here --body $ANDON_RUN --json >/dev/null && ${verdict}" }
gates: { ${Array.from({ length: gatesOfTask }, (_, n) => `g${n}: { run: "true" }`).join(', ')} }
tasks:
  pushed: { title: Pushed to again and again, phase: build, write: ["pushed/**"] }
${Array.from({ length: tasks }, (_, n) => `  t${n}: { title: T, phase: build, write: ["t${n}/**"], gates: [${Array.from({ length: gatesOfTask }, (__, g) => `g${g}`).join(', ')}] }`).join('\n')}
`;

/** Starts a real `andon up` with its runner, for work of these sizes in all. */
export async function openSoak(all: SoakSize): Promise<Soak> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-soak-'));
  const shop = await sourceRepository({ 'README.md': '# soak\n' });
  writeFileSync(join(shop, 'andon.yaml'), planOf(Math.ceil(all.gates / gatesOfTask) + 10));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { mode: 0o755 });
  const env = {
    ...cleanEnvironment(join(folder, 'home')),
    TMPDIR: temporary,
    NODE_OPTIONS: `--import ${join(import.meta.dirname, 'collect-garbage.mjs')}`,
  };
  const here = { cwd: shop, env };
  const gateway = await up(here, '--project', project, '--runs', String(lanes));
  const token = readFileSync(gateway.ready.tokenFile, 'utf8').trim();
  const owner = createClient({ url: gateway.ready.url, token: () => token });
  // The usual budget of a builder ends after a hundred commits.
  const budget = { commits: 10_000, files: 100_000, lines: 1_000_000 };
  const cap = { tier: 'implementer', budget } as const;
  const { token: builder = '' } = await owner.token.mint.mutate({ project, agent: 'agent:b', cap });
  const hand = createClient({ url: gateway.ready.url, token: () => builder });
  const clone = await cloneOf(folder, gateway, builder);
  const workers = await makeWorkers({ gateway, owner, hand, builder, clone });
  return {
    work: async ({ pushes, gates, runs, subscriptions }) => {
      await inLanes(pushes, workers.push);
      for (let n = 0; n < Math.ceil(gates / gatesOfTask); n++) await workers.gates();
      await workers.runs(runs);
      await inLanes(subscriptions, workers.subscribe);
    },
    held: () => heldBy(gateway, [temporary, join(folder, 'home/.local/state')]),
    said: gateway.said,
    close: async () => {
      await gateway.end();
      for (const one of [folder, shop]) rmSync(one, { recursive: true, force: true });
    },
  };
}

async function cloneOf(folder: string, { ready }: Up, token: string): Promise<string> {
  await mustGit(folder, ['clone', '-q', ready.git, 'clone'], { url: ready.url, token });
  return join(folder, 'clone');
}

async function inLanes(count: number, work: (n: number) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n).values();
  const lane = async (): Promise<void> => {
    for (const n of numbers) await work(n);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

interface Places {
  readonly gateway: Up;
  readonly owner: Client;
  readonly hand: Client;
  readonly builder: string;
  readonly clone: string;
}

async function makeWorkers({ gateway, owner, hand, builder, clone }: Places) {
  const auth = { url: gateway.ready.url, token: builder };
  const commit = async (files: Record<string, string>): Promise<string> => {
    await mustGit(clone, ['checkout', '-q', '--detach', 'origin/main']);
    write(clone, files);
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', 'soak']);
    return mustGit(clone, ['rev-parse', 'HEAD']);
  };
  await hand.task.claim.mutate({ project, task: 'pushed' });
  const [one = '', other = '', outside = ''] = [
    await commit({ 'pushed/a': '1\n' }),
    await commit({ 'pushed/a': '2\n' }),
    await commit({ 'elsewhere/a': '1\n' }),
  ];
  let tasks = 0;
  const workers = {
    /** Every second push is refused. The others move a branch from one commit to the other. */
    push: async (n: number): Promise<void> => {
      const oid = n % 2 === 0 ? outside : (n >> 1) % 2 === 0 ? one : other;
      const to = `refs/heads/task/pushed/1/lane-${n % 40}`;
      const { code, err } = await git(clone, ['push', '-q', '-f', 'origin', `${oid}:${to}`], auth);
      if ((code === 0) === (oid === outside)) throw new Error(`push ${n}: exit ${code}: ${err}`);
    },
    gates: async (): Promise<void> => {
      const task = `t${tasks++}`;
      const { branch } = await hand.task.claim.mutate({ project, task });
      const oid = await commit({ [`${task}/a`]: '1\n' });
      await mustGit(clone, ['push', '-q', 'origin', `${oid}:refs/heads/${branch}`], auth);
      const { change } = await hand.change.submit.mutate({ project, task, epoch: 1, commit: oid });
      const state = async () => (await owner.change.show.query({ project, change })).state;
      await waitUntil(async () => (await state()) === 'judging', 60_000);
    },
    /** Spawns in parts: a plan lets a hundred runs wait and run. */
    runs: async (count: number): Promise<void> => {
      if (count > runsAtOnce) await workers.runs(count - runsAtOnce);
      const asked = await Promise.all(
        Array.from({ length: Math.min(count, runsAtOnce) }, () =>
          owner.agent.spawn.mutate({ project, profile: 'writer' }),
        ),
      );
      for (const { run } of asked) {
        const shown = () => owner.run.show.query({ project, run });
        await waitUntil(async () => (await shown()).outcome !== null, 120_000);
        const { outcome, note } = await shown();
        if (outcome !== 'shipped') throw new Error(`run ${run}: ${outcome} ${note}`);
      }
    },
    subscribe: (): Promise<void> =>
      new Promise((resolve, reject) => {
        const stream = hand.event.stream.subscribe(
          { project, lastEventId: 0 },
          {
            // The first event shows that the stream is open.
            onData: () => {
              stream.unsubscribe();
              resolve();
            },
            onError: reject,
          },
        );
      }),
  };
  return workers;
}

async function heldBy({ pid, ready }: Up, folders: readonly string[]): Promise<Held> {
  const pids = familyOf(pid);
  for (const one of pids) if (collects(one)) process.kill(one, 'SIGUSR2');
  const metrics = await (await fetch(`${ready.url}/metrics`)).text();
  const resources = Object.fromEntries(
    [...metrics.matchAll(/^andon_active_resources\{kind="(\w+)"\} (\d+)/gm)].map(([, kind, n]) => [
      kind,
      Number(n),
    ]),
  );
  const sum = (of: (pid: number) => number): number => pids.reduce((total, one) => total + of(one), 0);
  return {
    processes: pids.length,
    descriptors: sum((one) => countOf(`/proc/${one}/fd`)),
    resources,
    megabytes: Math.round(sum(residentBytes) / 1024 ** 2),
    folders: folders.reduce((total, one) => total + entriesBelow(one), 0),
  };
}

/** The process and all of its descendants. */
function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one)))
    parents.set(Number(name), parentOf(Number(name)));
  const family = [pid];
  for (const one of family)
    family.push(...[...parents].filter(([, parent]) => parent === one).map(([child]) => child));
  return family;
}

const readable = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch {
    // The process has ended meanwhile.
    return otherwise;
  }
};
/**
 * True for a process that handles SIGUSR2, by which `collect-garbage.mjs` makes it collect: garbage does not
 * count as held.
 */
const collects = (pid: number): boolean =>
  readable(
    () =>
      (Number.parseInt(
        /SigCgt:\s+\w{8}(\w{8})/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0',
        16,
      ) &
        (1 << (constants.signals.SIGUSR2 - 1))) !==
      0,
    false,
  );
const parentOf = (pid: number): number =>
  readable(
    () =>
      Number(
        readFileSync(`/proc/${pid}/stat`, 'latin1')
          .replace(/^.*\) /, '')
          .split(' ')[1],
      ),
    0,
  );
const countOf = (folder: string): number => readable(() => readdirSync(folder).length, 0);
const residentBytes = (pid: number): number =>
  readable(
    () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024,
    0,
  );
const entriesBelow = (folder: string): number =>
  readable(() => readdirSync(folder, { recursive: true }).length, 0);
