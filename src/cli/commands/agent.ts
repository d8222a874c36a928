import type { Command } from 'commander';
import { act, group, leaf } from '../command.ts';
import type { World } from '../world.ts';

/** `andon agent`. */
export function agentCommand(world: World): Command {
  return group('agent', 'agents of the project').addCommand(
    leaf(
      'terminate',
      'end everything an agent holds',
      'ends everything an agent holds: its grants are revoked, its tasks go back to the pool',
    )
      .argument('<agent>', 'such as agent:builder-1')
      .requiredOption('--why <text>', 'the reason; it is recorded')
      .action(
        act<{ why: string }, [string]>(world, async ({ link, options }, agent) => {
          const { client, project } = await link();
          const data = await client.agent.terminate.mutate({ project, agent, why: options.why });
          return {
            data,
            lines: [
              `${agent}: ${data.grants} grants revoked, tasks given back: ${data.tasks.join(', ') || 'none'}`,
            ],
          };
        }),
      ),
  );
}
