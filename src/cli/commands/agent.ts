import type { Command } from 'commander';
import { act, durationSeconds, group, leaf, type Run, wholeNumber } from '../command.ts';
import { followOutput } from '../runner/follow-output.ts';
import { table } from '../table.ts';
import { whileKept } from '../token/keep-token.ts';
import type { World } from '../world.ts';

interface SpawnOptions {
  readonly task?: string;
  readonly change?: string;
  readonly mission?: string;
  readonly role?: string;
  readonly model?: string;
  readonly max?: number;
  readonly stay?: boolean;
  readonly follow?: boolean;
}

/** The command `andon agent`: lists agents, starts one, ends one. */
export function agentCommand(world: World): Command {
  return group('agent', 'agents: list, spawn, stop, terminate')
    .addCommand(
      leaf('list', 'list agents with their present work')
        .option('--limit <n>', 'most rows to show', wholeNumber(1, 1000))
        .action(act<{ limit?: number }>(world, list)),
    )
    .addCommand(
      leaf('show', 'show an agent, its run, its tasks and its own words about itself')
        .argument('<agent>', 'such as agent:builder-4k2m8q')
        .action(
          act<object, [string]>(world, async ({ link }, agent) => {
            const { client, project } = await link();
            const data = await client.agent.show.query({ project, agent });
            return { data, lines: JSON.stringify(data, null, 2).split('\n') };
          }),
        ),
    )
    .addCommand(spawnCommand(world))
    .addCommand(
      leaf('stop', 'end a run', 'ends a run: kills all of its processes and revokes its tokens')
        .argument('<run>', 'id of the run, whole or short')
        .requiredOption('--why <text>', 'the reason; it is recorded')
        .action(act<{ why: string }, [string]>(world, stopRun)),
    )
    .addCommand(terminateCommand(world));
}

function spawnCommand(world: World): Command {
  return leaf(
    'spawn',
    'ask for a run of an agent profile',
    'asks for a run of an agent profile of andon.yaml; a runner takes it',
  )
    .argument('<profile>', 'the name under agents in andon.yaml')
    .option('--task <task>', 'the task that the run is for')
    .option('--change <change>', 'the change that it shall judge')
    .option('--mission <text>', 'its mission, in words')
    .option('--role <role>', 'another role of the same tier, such as DEBUGGER')
    .option('--model <model>', 'another model than that of the profile')
    .option('--max <duration>', 'longest duration of the run, such as 30m', durationSeconds)
    .option('--stay', 'do not end it once its task is handed over')
    .option('--follow', 'show its output until it ends')
    .action(
      act<SpawnOptions, [string]>(world, async (run, profile) => {
        const { task, change, mission, role, model, max, stay, follow } = run.options;
        const link = await run.link();
        const { client, project } = link;
        const data = await client.agent.spawn.mutate({
          project,
          profile,
          task,
          change,
          mission,
          role,
          model,
          maxSeconds: max,
          autoTerminate: stay === true ? false : undefined,
        });
        if (follow !== true)
          return {
            data,
            lines: [data.run],
            talk: [`${data.agent} waits for a runner; andon run output ${data.run} --follow`],
          };
        return whileKept(link, world, () => followOutput(run, link, data.run));
      }),
    );
}

function terminateCommand(world: World): Command {
  return leaf(
    'terminate',
    'end everything an agent holds',
    'ends everything an agent holds: its grants are revoked, its runs and those it spawned end, its tasks go back',
  )
    .argument('<agent>', 'such as agent:builder-1')
    .requiredOption('--why <text>', 'the reason; it is recorded')
    .action(
      act<{ why: string }, [string]>(world, async ({ link, options }, agent) => {
        const { client, project } = await link();
        const data = await client.agent.terminate.mutate({ project, agent, why: options.why });
        const words = [
          `${data.grants} grants revoked`,
          `${data.runs.length} runs ended`,
          `tasks given back: ${data.tasks.join(', ') || 'none'}`,
        ];
        return { data, lines: [`${agent}: ${words.join(', ')}`] };
      }),
    );
}

async function list({ link, options, terminal }: Run<{ limit?: number }>) {
  const { client, project } = await link();
  const { agents } = await client.agent.list.query({ project, limit: options.limit ?? 100 });
  const rows = agents.map((one) => [
    one.name,
    one.tier,
    one.role,
    one.active ? (one.runState ?? 'granted') : 'gone',
    one.tasks.join(', ') || '-',
    one.capabilities.join(', ') || '-',
  ]);
  return {
    data: agents,
    lines: table(['agent', 'tier', 'role', 'state', 'tasks', 'skills'], rows, terminal.paint),
  };
}

/** Asks the runner of a run to end it, for a stated reason. */
export async function stopRun({ link, options }: Run<{ why: string }>, run: string) {
  const { client, project } = await link();
  const data = await client.run.stop.mutate({ project, run, why: options.why });
  const words = data.state === 'waiting' ? 'it had not begun' : 'its runner ends it';
  return { data, lines: [`${data.run}: ${words}`] };
}
