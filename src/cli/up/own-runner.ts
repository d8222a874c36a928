import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { App } from '../../app.ts';
import type { Config } from '../../config.ts';
import type { Run } from '../command.ts';
import { turnFileOf } from '../loop-watch/loop-watch.ts';
import { writeToken } from '../token/token-file.ts';
import type { UpOptions } from './options.ts';

/** The options about the runner on the command line. */
export type RunnerWish = Pick<UpOptions, 'runner' | 'runs' | 'sandbox'>;

/** The runner that `andon up` holds: a separate process, so that starting agents never slows the gateway. */
export interface OwnRunner {
  close(): Promise<void>;
}

const grantSeconds = 30 * 86_400;
const restartMs = 2_000;

interface Where {
  readonly project: string;
  readonly config: Config;
}

/** Starts the runner of this machine with a separate token; starts it again when it ends unasked. */
export async function startOwnRunner(
  run: Run<RunnerWish>,
  app: App,
  where: Where,
): Promise<OwnRunner | undefined> {
  if (run.options.runner === false) return undefined;
  const tokenFile = join(where.config.stateFolder, 'runner', 'token');
  const grant = await mintRunner(app, where.project, tokenFile);
  const keeper = new Keeper(run, argumentsOf(run, app, where, tokenFile));
  keeper.start();
  return {
    close: async () => {
      await keeper.close();
      await app
        .caller((await readOwner(app)).trim())
        .token.revoke({ project: where.project, kind: 'grant', value: grant, why: 'the runner ended' })
        .catch(() => undefined);
    },
  };
}

async function readOwner({ owner }: App): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(owner.file, 'utf8');
}

async function mintRunner(app: App, project: string, tokenFile: string): Promise<string> {
  const caller = app.caller((await readOwner(app)).trim());
  const { token = '', grant } = await caller.token.mint({
    project,
    agent: 'runner:local',
    cap: { role: 'RUNNER', budget: { tokens: 0, usdMicro: 0, commits: 0, files: 0, lines: 0, children: 0 } },
    grantSeconds,
  });
  await writeToken(tokenFile, token, app.fingerprint);
  return grant;
}

function argumentsOf(
  { options, world }: Run<RunnerWish>,
  app: App,
  { project, config }: Where,
  tokenFile: string,
): string[] {
  const { sandbox, runs } = options;
  return [
    ...world.launch.slice(1),
    'runner',
    ...['--url', app.url, '--token-file', tokenFile, '--project', project],
    ...['--folder', join(config.stateFolder, 'runner', 'work')],
    ...['--hide', config.dataFolder, '--hide', config.stateFolder],
    ...(sandbox === undefined ? [] : ['--sandbox', sandbox]),
    ...(runs === undefined ? [] : ['--capacity', String(runs)]),
    ...['--turn-file', turnFileOf(config.stateFolder, 'runner')],
    '--until-parent-ends',
    '--quiet',
  ];
}

class Keeper {
  readonly #run: Run<RunnerWish>;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(run: Run<RunnerWish>, args: readonly string[]) {
    this.#run = run;
    this.#args = args;
  }

  start(): void {
    const { world, terminal } = this.#run;
    const child = spawn(world.launch[0] ?? process.execPath, this.#args, {
      env: plain(world.env),
      // Outside of the terminal's process group: on Ctrl-C the gateway ends the runner in order.
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    });
    void this.#ended.then(() => {
      if (this.#closed) return;
      terminal.talk('the runner ended; it is started again');
      setTimeout(() => this.#closed || this.start(), restartMs).unref();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#child?.stdin?.end();
    await this.#ended;
  }
}

/** The environment without variables that would lead the runner to another gateway or token. */
const plain = (env: Run<RunnerWish>['world']['env']): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('ANDON_') && name !== 'DATABASE_URL'),
  ) as NodeJS.ProcessEnv;
