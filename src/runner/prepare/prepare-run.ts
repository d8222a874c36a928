import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { refuseClosed } from '../../sandbox/gate-room.ts';
import { markName } from '../../sandbox/reap.ts';
import { type Containment, userOf } from '../../sandbox/sandbox.ts';
import type { AgentProgram } from '../adapters/adapter.ts';
import { adapters } from '../adapters/index.ts';
import { insidePort } from '../process/start-agent.ts';
import type { ClaimedTask, RunnerGateway, RunOrder } from '../protocol.ts';
import { cloneFor } from './clone.ts';
import { environmentOf, gitOf } from './environment.ts';
import { promptOf } from './prompt.ts';
import { handOver, makeRunFolder, type RunFolder } from './run-folder.ts';

/** A run to prepare, and what the runner knows about its surroundings. */
export interface Preparation {
  readonly order: RunOrder;
  readonly place: RunFolder;
  readonly gateway: RunnerGateway;
  readonly containment: Containment;
  /** URL of the run's proxy on this machine. */
  readonly outside: string;
  readonly launch: readonly string[];
  readonly outer: Readonly<Record<string, string | undefined>>;
  readonly runnerMark: Readonly<Record<string, string>>;
  readonly abort: AbortSignal;
  /** Called with the task as soon as it is claimed: from then on its lease has to be renewed. */
  readonly claimed: (task: ClaimedTask) => void;
  readonly writeToken: () => Promise<void>;
}

/** A run ready for its program to start. */
export interface Prepared {
  readonly program: AgentProgram;
  readonly env: Record<string, string>;
  /** True when the run shares the network of the machine. */
  readonly network: boolean;
  readonly task: ClaimedTask | undefined;
}

/** Claims the task, makes the clone, writes the files of the agent. Rejects with the fault. */
export async function prepareRun(of: Preparation): Promise<Prepared> {
  const { order, place, containment } = of;
  const user = userOf(containment);
  await makeRunFolder(place, of.launch, user);
  const task = await claimFor(of);
  const failed = await cloneFor({
    order,
    task,
    url: of.outside,
    tree: place.tree,
    env: cloneEnvironment(of),
    abort: of.abort,
  });
  if (failed !== undefined) throw new Error(`clone: ${failed}`);
  const network = order.settings.network === 'open' || containment.kind !== 'bubblewrap';
  // Inside a separate network the same proxy has another address.
  const url = network ? of.outside : `http://127.0.0.1:${insidePort}`;
  if (url !== of.outside) await pointClone(place.tree, of.outside, url);
  const prepared = await writeFiles(of, task, url);
  if (user !== undefined) await handOver(place, user, [...prepared.secrets, place.inboxFile, place.taskFile]);
  return { program: prepared.program, env: prepared.env, network, task };
}

async function claimFor({ order, gateway, claimed, abort }: Preparation): Promise<ClaimedTask | undefined> {
  if (order.task === null || order.tier !== 'implementer') return undefined;
  const task = await gateway.claim(order.token, order.project, order.task, abort);
  claimed(task);
  return task;
}

const pathOf = ({ outer }: Preparation): string => outer.PATH ?? '/usr/bin:/bin';

const cloneEnvironment = (of: Preparation): Record<string, string> => ({
  PATH: pathOf(of),
  HOME: of.place.home,
  GIT_CONFIG_GLOBAL: '/dev/null',
  ...gitOf(of.order, of.outside),
});

async function pointClone(tree: string, from: string, to: string): Promise<void> {
  const file = join(tree, '.git', 'config');
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll(from, to));
}

async function writeFiles(
  of: Preparation,
  task: ClaimedTask | undefined,
  url: string,
): Promise<{ program: AgentProgram; env: Record<string, string>; secrets: string[] }> {
  const { order, place } = of;
  const path = pathOf(of);
  const briefing = await of.gateway.briefing(order.token, order.project, of.abort);
  const prompt = promptOf(order, task, { briefing, verdictFile: place.verdictFile });
  const program = adapters[order.adapter].prepare({ order, place, task, url, prompt, path });
  if (of.containment.kind === 'other-user' && isAbsolute(program.program)) refuseClosed(program.program);
  for (const [name, text] of Object.entries(program.files)) {
    const file = join(place.folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await writeFile(place.taskFile, JSON.stringify(taskFile(order, task, prompt), null, 2));
  await of.writeToken();
  const env = environmentOf({
    order,
    place,
    task,
    url,
    gatewayKey: of.gateway.prover.fingerprint,
    path,
    proxy: proxyOf(order, url),
    marks: { ...of.runnerMark, [markName]: order.id },
    outer: of.outer,
  });
  // A file in a folder of the run is handed over with that folder.
  const names = Object.keys(program.files).filter((name) => !name.includes('/'));
  const secrets = names.map((name) => join(place.folder, name));
  return { program, env: { ...env, ...program.env }, secrets };
}

/** The URL of the run's proxy, through which the run reaches the hosts that its profile names. */
const proxyOf = ({ settings: { network } }: RunOrder, url: string): string | undefined =>
  network === 'open' || network.length === 0 ? undefined : url;

function taskFile(order: RunOrder, task: ClaimedTask | undefined, prompt: string): Record<string, unknown> {
  const { id, token: _secret, expires: _never, settings: _own, task: _named, ...rest } = order;
  return { version: 1, run: id, ...rest, task: task ?? null, prompt };
}
