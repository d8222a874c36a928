import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { App } from '../../app.ts';
import { exitCodes } from '../../lib/code-row.ts';
import { chainOnce } from '../../store/chainer.ts';
import type { Run } from '../command.ts';
import { connect, type GatewayLink } from '../connect.ts';
import { follow, untilInterrupted } from '../follow.ts';
import { asAndonError } from '../refusal.ts';
import { writeToken } from '../token/token-file.ts';
import type { World } from '../world.ts';
import { type Agent, startAgent } from './agent.ts';
import type { SampleOptions } from './options.ts';
import { samplePlan } from './plan.ts';
import { makeRepository } from './repository.ts';
import { createStory, type Story } from './story.ts';
import { type Summary, summarise } from './summary.ts';

const project = 'till';
const agentNames = ['lead', 'builder', 'reviewer'] as const;
const agentsMsMax = 5 * 60_000;

/** Runs the sample line. Resolves to the exit status: 0 only if every task landed. */
export async function runSample(run: Run<SampleOptions>): Promise<number> {
  const startedMs = performance.now();
  const { world, options, terminal } = run;
  const story = createStory(terminal);
  const end = untilInterrupted();
  const folder = await sampleFolder(world, options.folder);
  const app = await startGateway(run, folder, story);
  try {
    const link = await connect({ url: app.url, tokenFile: app.owner.file, project }, world);
    const summary = await tell(world, link, { app, folder, story, startedMs, signal: end.signal });
    finish(run, summary);
    if (options.exit !== true && !end.signal.aborted) await stayUp(run, app, folder, end.signal);
    return summary.done ? exitCodes.ok : exitCodes.failed;
  } finally {
    end.release();
    await app.close();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function sampleFolder({ cwd }: World, given: string | undefined): Promise<string> {
  if (given === undefined) return realpath(await mkdtemp(join(tmpdir(), 'andon-sample-')));
  const folder = resolve(cwd, given);
  await mkdir(folder, { recursive: true });
  return folder;
}

async function startGateway(
  { world, options }: Run<SampleOptions>,
  folder: string,
  story: Story,
): Promise<App> {
  story.step(`a small repository, a plan and a gateway in ${folder}`);
  await makeRepository(join(folder, project), world.env);
  const input = {
    dataFolder: join(folder, 'data'),
    // Not in the user's own state folder: the sample leaves nothing behind.
    stateFolder: join(folder, 'state'),
    logLevel: 'error',
    ...(options.databaseUrl === undefined ? {} : { databaseUrl: options.databaseUrl }),
  };
  const config = world.root.configure(input, {});
  return world.root.startApp(config, { log: await world.root.createLog(config.logLevel) });
}

interface Telling {
  readonly app: App;
  readonly folder: string;
  readonly story: Story;
  readonly startedMs: number;
  readonly signal: AbortSignal;
}

async function tell(world: World, link: GatewayLink, telling: Telling): Promise<Summary> {
  const { app, folder, story, startedMs, signal } = telling;
  await link.client.project.create.mutate({ project, source: join(folder, project) });
  await link.client.plan.put.mutate({ project, text: samplePlan });
  const over = new AbortController();
  const narrated = narrate(link, story, over.signal);
  try {
    await work(world, link, telling, signal);
    // Events get their place a moment after their commit: count when the last has its own.
    while ((await chainOnce(app.gateway.store)) > 0);
    return await summarise(link, Math.round((performance.now() - startedMs) / 1000));
  } finally {
    over.abort();
    await narrated;
  }
}

/** Starts the agents and waits until all have ended; none outlives the sample. */
async function work(world: World, link: GatewayLink, telling: Telling, signal: AbortSignal): Promise<void> {
  const agents: Agent[] = [];
  const stop = (): void => {
    for (const { child } of agents) child.kill();
  };
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, agentsMsMax);
  try {
    for (const name of agentNames) agents.push(await hire(world, link, name, telling));
    await Promise.all(agents.map(({ ended }) => ended));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** Tells the events from the first one on. A stream that breaks costs the story, not the work: it is said, and no more. */
async function narrate(link: GatewayLink, story: Story, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of follow(link, { project, after: 0, signal })) story.event(event);
  } catch (error) {
    const { rule, next } = asAndonError(error).reasons[0];
    story.step(`the stream of events has ended (${rule}); ${next}`);
  }
}

/** Mints a token from the plan's profile of that name and starts the agent with it. */
async function hire(
  world: World,
  { client, url }: GatewayLink,
  name: (typeof agentNames)[number],
  { folder, story }: Telling,
): Promise<Agent> {
  const { token = '' } = await client.token.mint.mutate({ project, agent: `agent:${name}`, profile: name });
  const tokenFile = join(folder, 'tokens', name);
  await writeToken(tokenFile, token);
  return startAgent(world, { name, folder, url, project, tokenFile, said: (text) => story.said(name, text) });
}

function finish({ terminal }: Run<SampleOptions>, summary: Summary): void {
  if (terminal.json) {
    terminal.data(JSON.stringify(summary));
    return;
  }
  const { landed, tasks, pushesRefused, rejected, gatesFailed, events, seconds, done } = summary;
  const words = `${landed} of ${tasks} tasks landed in ${seconds} s; ${pushesRefused} pushes refused, ${gatesFailed} gates failed, ${rejected} changes rejected; ${events} events in the log`;
  terminal.data('');
  terminal.data(terminal.paint(done ? 'good' : 'bad', words));
}

function stayUp(
  { terminal }: Run<SampleOptions>,
  app: App,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const lines = [
    `the gateway stays up at ${app.url}; Ctrl-C ends it`,
    'look at it from another terminal, with:',
    `  export ANDON_URL=${app.url} ANDON_PROJECT=${project} ANDON_TOKEN_FILE=${app.owner.file}`,
    '  npm run -s andon -- status',
    '  npm run -s andon -- event list',
    `  npm run -s andon -- git clone ${app.url}/git/${project}.git ${join(folder, 'look')}`,
  ];
  for (const line of lines) terminal.talk(line);
  return new Promise((end) => {
    if (signal.aborted) end();
    signal.addEventListener('abort', () => end(), { once: true });
  });
}
