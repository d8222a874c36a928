import { resolve } from 'node:path';
import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { act, group, leaf } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { remoteAt } from '../init/remote.ts';
import { asAndonError } from '../refusal.ts';
import { table } from '../table.ts';
import type { World } from '../world.ts';

interface CreateOptions {
  readonly source?: string;
  readonly branch?: string;
  readonly upstream?: string;
}

/** The command `andon project`: one gateway serves many projects. */
export function projectCommand(world: World): Command {
  return group('project', 'projects of the gateway')
    .addCommand(
      leaf('list', 'list the projects').action(
        act(world, async ({ link, terminal }) => {
          const rows = await listProjects(await link());
          const cells = rows.map((row) => [
            row.project,
            row.branch,
            String(row.revision),
            row.upstream ?? '-',
          ]);
          return { data: rows, lines: table(['PROJECT', 'MAIN', 'PLAN', 'UPSTREAM'], cells, terminal.paint) };
        }),
      ),
    )
    .addCommand(
      leaf('create', 'adopt a repository as a project', 'adopts a repository; it is only read')
        .argument('<name>', 'name of the project')
        .option('--source <folder>', 'a repository on the machine of the gateway (default: an empty project)')
        .option('--branch <branch>', 'the branch that becomes main (default: the one checked out)')
        .option('--upstream <url>', 'a remote to follow and to mirror landings to')
        .action(
          act<CreateOptions, [string]>(world, async ({ link, options }, name) => {
            const { source, branch, upstream } = options;
            const made = await (await link()).client.project.create.mutate({
              project: name,
              ...defined({
                source: source === undefined ? undefined : resolve(world.cwd, source),
                branch,
                upstream: upstream === undefined ? undefined : remoteAt(world.cwd, upstream),
              }),
            });
            return { data: made, lines: [`${made.project}: ${made.branch} at ${made.main}`] };
          }),
        ),
    );
}

/** Every project; with a token for one project only that one. */
async function listProjects({ client, projectIfAny }: GatewayLink) {
  try {
    return await client.project.list.query({});
  } catch (error) {
    if (projectIfAny === undefined || asAndonError(error).code !== 'grant.project') throw error;
    return client.project.list.query({ project: projectIfAny });
  }
}
