import type { Command } from 'commander';
import { act, group, leaf } from '../command.ts';
import { table } from '../table.ts';
import type { World } from '../world.ts';

/** The command `andon phase`. */
export function phaseCommand(world: World): Command {
  return group('phase', 'phases of the plan')
    .addCommand(
      leaf('list', 'list the phases and how much of each is done').action(
        act(world, async ({ link, terminal }) => {
          const { client, project } = await link();
          const rows = await client.phase.list.query({ project });
          const cells = rows.map((row) => [
            row.name,
            row.openedAt === null ? 'closed' : 'open',
            `${row.done}/${row.tasks}`,
          ]);
          return { data: rows, lines: table(['PHASE', 'STATE', 'DONE'], cells, terminal.paint) };
        }),
      ),
    )
    .addCommand(
      leaf('advance', 'open a phase early, before the phase before it has ended')
        .argument('<phase>')
        .requiredOption('--why <text>', 'the reason; it is recorded')
        .action(
          act<{ why: string }, [string]>(world, async ({ link, options }, phase) => {
            const { client, project } = await link();
            const data = await client.phase.advance.mutate({ project, phase, why: options.why });
            return { data, lines: [`${data.phase} is open`] };
          }),
        ),
    );
}
