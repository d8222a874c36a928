import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail } from '../../lib/errors.ts';
import type { RunOrder } from '../../runner/protocol.ts';
import { startRunner } from '../../runner/runner.ts';
import { containmentWords } from '../../sandbox/containment-words.ts';
import { type Containment, findContainment } from '../../sandbox/sandbox.ts';
import type { Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { untilInterrupted } from '../follow.ts';
import { watchLoop } from '../loop-watch/loop-watch.ts';
import { whileKept } from '../token/keep-token.ts';
import type { World } from '../world.ts';
import { gateGateway } from './gate-gateway.ts';
import { runnerGateway } from './gateway.ts';
import { programFolders } from './program-folders.ts';
import { connectSeveral } from './several-gateways.ts';
import { workFolder } from './work-folder.ts';

/** Options of `andon runner`. */
export interface RunnerCliOptions {
  readonly url?: string | readonly string[];
  readonly project?: string;
  readonly tokenFile?: string;
  readonly name: string;
  readonly capacity: number;
  /** Gates at once. */
  readonly gates?: number;
  readonly adapter?: RunOrder['adapter'][];
  readonly folder?: string;
  readonly sandbox: 'required' | 'preferred';
  readonly hide?: string[];
  readonly keep?: boolean;
  readonly untilParentEnds?: boolean;
  readonly turnFile?: string;
}

/** The command `andon runner`: runs until Ctrl-C, SIGTERM, or, on request, the end of the process that started it. */
export async function serve(run: Run<RunnerCliOptions>): Promise<void> {
  const { options, terminal, world } = run;
  const link = await connectSeveral(options, world);
  const work = workOf(options, await rightsOf(link));
  const containment = findContainment(world.env.PATH);
  warn(run, containment);
  const wanted = resolve(world.cwd, options.folder ?? join(stateHome(world), 'runner', options.name));
  const folder = workFolder(wanted, containment.kind);
  const turnFile = options.turnFile ?? join(stateHome(world), 'runner', `${options.name}.long-turns.jsonl`);
  watchLoop({ process: 'runner', file: turnFile });
  const gateway = runnerGateway(link, options.name);
  const runner = startRunner({
    gateway,
    folder,
    capacity: work.capacity,
    gates: { slots: work.gates, gateway: gateGateway(link, options.name, gateway.prover) },
    adapters: options.adapter ?? ['command', 'claude', 'codex'],
    sandbox: options.sandbox,
    hidden: [folder, wanted, ...(options.hide ?? []).map((one) => resolve(world.cwd, one))],
    visible: programFolders(world.launch),
    launch: world.launch,
    outer: world.env,
    keep: options.keep === true,
    log: (words) => terminal.talk(words),
    say: (id, words) => terminal.talk(`${id} ${words}`),
  });
  const ready = { runner: options.name, sandbox: containment.kind, ...work, folder };
  terminal.data(
    terminal.json
      ? JSON.stringify(ready)
      : `runner ${options.name}: ${containment.kind}, ${work.capacity} runs and ${work.gates} gates at once`,
  );
  const end = untilInterrupted();
  await whileKept(link, world, () => untilOver(end.signal, options.untilParentEnds === true));
  await runner.close();
  end.release();
}

/** Rights of a token to take runs, and to take gates. */
interface RunnerRights {
  readonly runs: boolean;
  readonly gates: boolean;
}

async function rightsOf({ client, project }: GatewayLink): Promise<RunnerRights> {
  const { may } = await client.token.explain.query({ project });
  const has = (wanted: string): boolean => may.some(({ action }) => action === wanted);
  return { runs: has('run:take'), gates: has('gate:take') };
}

/** The runs and gates at once. Refuses a token without the rights for them at once, instead of at the first one. */
function workOf({ capacity, gates = 0 }: RunnerCliOptions, rights: RunnerRights) {
  if (gates > 0 && !rights.gates)
    throw fail('grant.action', 'gate:take', {
      found: 'a token that takes no gates',
      next: 'let a person mint one: --role GATE_RUNNER, and --with-runs where it takes runs too',
    });
  if (!rights.runs && gates === 0)
    throw fail('grant.action', 'run:take', {
      found: 'a token that takes no runs',
      next: rights.gates ? 'say how many gates it takes: --gates 2' : 'mint one with --role RUNNER',
    });
  return { capacity: rights.runs ? capacity : 0, gates };
}

function warn({ options, terminal }: Run<RunnerCliOptions>, containment: Containment): void {
  const { kind } = containment;
  const { mode, weak } = containmentWords(containment);
  if (kind === 'bubblewrap') return;
  if (options.sandbox === 'required')
    throw fail('gate.sandbox', 'bubblewrap', {
      found: kind,
      limit: 'required',
      next: 'install bubblewrap, or set --sandbox preferred',
    });
  const trust = kind === 'none' ? '. Use this for agents that you trust like yourself' : '';
  terminal.talk(terminal.paintTalk('warn', `WITHOUT bubblewrap: ${mode}: ${weak.join('; ')}${trust}.`));
}

const stateHome = ({ env }: World): string =>
  join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'andon');

function untilOver(signal: AbortSignal, withParent: boolean): Promise<void> {
  return new Promise((done) => {
    signal.addEventListener('abort', () => done(), { once: true });
    if (signal.aborted) done();
    if (!withParent) {
      // No other handle keeps the process alive while there is no run.
      const keep = setInterval(() => undefined, 60_000);
      signal.addEventListener('abort', () => clearInterval(keep), { once: true });
      return;
    }
    process.stdin
      .once('end', () => done())
      .once('error', () => done())
      .resume();
  });
}
