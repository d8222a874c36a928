import { rmSync } from 'node:fs';
import type { RunOrder } from '../../src/runner/protocol.ts';
import type { RunRow } from '../../src/runs/rows.ts';
import { sourceRepository, startTestGateway, type TestGateway } from './gateway.ts';
import { type ModelServer, type Script, startModelServer } from './model-server.ts';
import { type Relay, startRelay } from './relay.ts';
import { endOf, outputOf, startTestRunner, type TestContainment, type TestRunner } from './runner.ts';

/** A gateway, a model that plays scripts, and a runner that starts a real agent program on it. */
export interface RealAgents {
  readonly gateway: TestGateway;
  readonly model: ModelServer;
  readonly runner: TestRunner;
  /** Relay between the runs and the gateway. */
  readonly relay: Relay;
  readonly project: string;
  /** Plays a script: a run of that profile for the task of that name (none: without a task), to be ended. */
  spawn(script: string, played: Script, more?: SpawnMore): Promise<string>;
  end(run: string, withinMs?: number): Promise<Ended>;
  /** Plays a script, and waits for the end of its run. */
  play(script: string, played: Script, more?: SpawnMore): Promise<Ended>;
  task(id: string): Promise<{ state: string; epoch: number } | undefined>;
  close(): Promise<void>;
}

export interface SpawnMore {
  readonly profile?: string;
  readonly mission?: string;
  readonly task?: string | null;
  /** A prompt in the place of the profile's: longer than a plan may have it. */
  readonly longPrompt?: string;
}

type Shown = Awaited<ReturnType<TestGateway['owner']['run']['show']['query']>>;
/** An ended run, with its output. */
export type Ended = Shown & { readonly printed: string; readonly state: RunRow['state'] };

export interface RealOptions {
  readonly adapter: 'claude' | 'codex';
  readonly program: string;
  readonly containment: TestContainment;
  /** Names of tasks; each may write below `src/<name>/`. */
  readonly tasks: readonly string[];
  /** Further profiles: members beside those that all have, as YAML. */
  readonly profiles?: Readonly<Record<string, string>>;
  readonly lease?: string;
  readonly files?: Readonly<Record<string, string>>;
}

export const project = 'real';

export async function openRealAgents(options: RealOptions): Promise<RealAgents> {
  const model = await startModelServer();
  const gateway = await startTestGateway('postgres');
  const source = await sourceRepository({ 'README.md': '# real\n', ...options.files });
  await gateway.owner.project.create.mutate({ project, source });
  await gateway.owner.plan.put.mutate({ project, text: planOf(options, model) });
  const relay = await startRelay(gateway.url);
  const key = 'dummy-key-of-the-model';
  const env = { ANTHROPIC_API_KEY: key, OPENAI_API_KEY: key };
  let longPrompt = '';
  const lengthen = (order: RunOrder): RunOrder =>
    longPrompt === '' ? order : { ...order, settings: { ...order.settings, prompt: longPrompt } };
  const runner = await startTestRunner(gateway, project, options.containment, {
    env,
    gatewayUrl: relay.url,
    lengthen,
  });
  const end: RealAgents['end'] = async (run, withinMs = 90_000) => {
    const ended = await endOf(gateway, project, run, withinMs);
    return { ...ended, printed: await outputOf(gateway, project, run) };
  };
  const spawn: RealAgents['spawn'] = async (script, played, more = {}) => {
    model.play(script, played);
    const { profile = 'agent', mission = '', task = script } = more;
    longPrompt = more.longPrompt ?? '';
    const { run } = await gateway.owner.agent.spawn.mutate({
      project,
      profile,
      mission: `script:${script} ${mission}`,
      ...(task === null ? {} : { task }),
    });
    return run;
  };
  return {
    ...{ gateway, model, runner, relay, project, spawn, end },
    play: async (script, played, more) => end(await spawn(script, played, more)),
    task: async (id) => (await gateway.owner.task.list.query({ project })).find((one) => one.id === id),
    close: async () => {
      await runner.close();
      await relay.close();
      await gateway.close();
      await model.close();
      rmSync(source, { recursive: true, force: true });
    },
  };
}

/**
 * A plan under which the run in bubblewrap reaches the model as the one host that its profile names, and
 * nothing else.
 */
function planOf(
  { adapter, program, tasks, profiles = {}, lease = '6s' }: RealOptions,
  model: ModelServer,
): string {
  const base = adapter === 'claude' ? 'ANTHROPIC_BASE_URL' : 'OPENAI_BASE_URL';
  const url = adapter === 'claude' ? model.url : `${model.url}/v1`;
  const key = adapter === 'claude' ? 'ANTHROPIC_API_KEY' : 'OPENAI_API_KEY';
  const all = { agent: 'retries: 0', ...profiles };
  const lines = Object.entries(all).map(
    ([name, more]) =>
      `  ${name}: { tier: implementer, adapter: ${adapter}, program: ${JSON.stringify(program)}, model: sonnet, env: { ${base}: "${url}" }, pass: [${key}], network: ["${model.host}"], ${more} }`,
  );
  return [
    'version: 1',
    `project: ${project}`,
    'done: landed',
    `lease: ${lease}`,
    'phases: [build]',
    'agents:',
    ...lines,
    'tasks:',
    ...tasks.map((name) => `  ${name}: { title: Do ${name}, phase: build, write: ["src/${name}/**"] }`),
    '',
  ].join('\n');
}
