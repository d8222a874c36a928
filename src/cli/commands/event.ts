import type { Command } from 'commander';
import { act, group, leaf, many, wholeNumber } from '../command.ts';
import { exportEvents } from '../event/export.ts';
import { listCommand } from '../event/list.ts';
import type { FollowInput } from '../event/stream.ts';
import type { World } from '../world.ts';

/** The command `andon event`: the log. */
export function eventCommand(world: World): Command {
  return group('event', 'the log: everything that was allowed or denied')
    .addCommand(listCommand(world))
    .addCommand(
      leaf('follow', 'print events as they happen, until Ctrl-C')
        .option('--after <position>', 'begin after this position (default: now)', wholeNumber(0, 1e12))
        .addOption(many('--type <type>', 'only events of this type (may be repeated)'))
        .option('--count <n>', 'end after so many events', wholeNumber(1, 1e9))
        .action(
          act<FollowInput>(world, async (run) => {
            const { followEvents } = await import('../event/stream.ts');
            return followEvents(run);
          }),
        ),
    )
    .addCommand(
      leaf(
        'export',
        'write the whole log as JSON lines',
        'writes the whole log of the gateway as JSON lines, events and signed checkpoints, for andon audit verify --file <events.jsonl>',
      )
        .option('--out <file>', 'the file (default: stdout)')
        .action(act<{ out?: string }>(world, exportEvents)),
    );
}
