import type { Command } from 'commander';
import { act, leaf } from '../command.ts';
import type { World } from '../world.ts';

/** The command `andon sync`. */
export function syncCommand(world: World): Command {
  return leaf('sync', 'take the upstream’s main, fast-forward only').action(
    act(world, async ({ link }) => {
      const { client, project } = await link();
      const data = await client.project.sync.mutate({ project });
      return { data, lines: [`${data.kind}: main is at ${data.main}`] };
    }),
  );
}
