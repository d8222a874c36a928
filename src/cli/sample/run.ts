import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { App } from '../../app.ts';
import type { Config } from '../../config.ts';
import { exitCodes } from '../../lib/code-row.ts';
import { defined } from '../../lib/defined.ts';
import { chainOnce } from '../../store/log/sequencer.ts';
import type { Run } from '../command.ts';
import { connect, type GatewayLink } from '../connect.ts';
import { untilInterrupted } from '../follow.ts';
import { startOwnRunner } from '../up/own-runner.ts';
import type { World } from '../world.ts';
import { fleetScenario } from './fleet/scenario.ts';
import { tellEvents } from './narrate.ts';
import type { SampleOptions } from './options.ts';
import { makeRepository } from './repository.ts';
import { lineScenario, type Scenario } from './scenario.ts';
import { createStory, type Story } from './story.ts';
import type { Summary } from './summary.ts';
import { triggersScenario } from './triggers/scenario.ts';
import type { TriggersSummary } from './triggers/summary.ts';

const project = 'till';

/** Runs the sample line. Resolves to the exit code: 0 only if every task landed. */
export async function runSample(run: Run<SampleOptions>): Promise<number> {
  const startedMs = performance.now();
  const { world, options, terminal } = run;
  const story = createStory(terminal);
  const end = untilInterrupted();
  const folder = await sampleFolder(world, options.folder);
  const { app, config } = await startGateway(run, folder, story);
  try {
    const link = await connect({ url: app.url, tokenFile: app.owner.file, project }, world);
    const summary = await tell(run, link, {
      ...{ app, config, folder, story, startedMs },
      signal: end.signal,
    });
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
): Promise<{ app: App; config: Config }> {
  story.step(`a small repository, a plan and a gateway in ${folder}`);
  await makeRepository(join(folder, project), scenarioOf(options).plan(), world.env);
  const input = {
    dataFolder: join(folder, 'data'),
    // The user's own state folder is left alone: the sample leaves nothing behind.
    stateFolder: join(folder, 'state'),
    logLevel: 'error',
    ...defined({ databaseUrl: options.databaseUrl }),
  };
  const config = world.root.configure(input, {});
  const app = await world.root.startApp(config, { log: await world.root.createLog(config.logLevel) });
  return { app, config };
}

const scenarioOf = ({ triggers, fleet }: SampleOptions): Scenario => {
  if (fleet === true) return fleetScenario;
  return triggers === true ? triggersScenario : lineScenario;
};

interface Telling {
  readonly app: App;
  readonly config: Config;
  readonly folder: string;
  readonly story: Story;
  readonly startedMs: number;
  readonly signal: AbortSignal;
}

async function tell(run: Run<SampleOptions>, link: GatewayLink, telling: Telling): Promise<Summary> {
  const { app, config, folder, story, startedMs, signal } = telling;
  await link.client.project.create.mutate({ project, source: join(folder, project) });
  const scenario = scenarioOf(run.options);
  await link.client.plan.put.mutate({ project, text: scenario.plan() });
  const over = new AbortController();
  const narrated = tellEvents(link, story, over.signal);
  const runner = await startOwnRunner(
    { ...run, options: run.options.fleet === true ? { runs: 16 } : {} },
    app,
    { project, config },
  );
  try {
    const { nowSeconds } = app.gateway;
    const outcomes = await scenario.work({ link, story, nowSeconds, signal });
    // Events get their position a moment after their commit: the count waits for the last one.
    while ((await chainOnce(app.gateway.store)) > 0);
    return await scenario.summarise(link, outcomes, Math.round((performance.now() - startedMs) / 1000));
  } finally {
    over.abort();
    await runner?.close();
    await narrated;
  }
}

function finish({ terminal }: Run<SampleOptions>, summary: Summary | TriggersSummary): void {
  if (terminal.json) {
    terminal.data(JSON.stringify(summary));
    return;
  }
  const { landed, tasks, pushesRefused, rejected, gatesFailed, events, seconds, done } = summary;
  const words = `${landed} of ${tasks} tasks landed in ${seconds} s; ${pushesRefused} pushes refused, ${gatesFailed} gates failed, ${rejected} changes rejected; ${events} events in the log`;
  terminal.data('');
  terminal.data(terminal.paint(done ? 'good' : 'bad', words));
  if ('fired' in summary) terminal.data(firedWords(summary));
}

const firedWords = ({ fired, idleAlerts, reminders }: TriggersSummary): string =>
  `triggers fired: ${Object.entries(fired)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')}; ${reminders} reminders of a deadline, ${idleAlerts} alerts of an idle agent`;

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
