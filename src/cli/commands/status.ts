import type { Command } from 'commander';
import { act, leaf, type Run } from '../command.ts';
import { look, statusLines } from '../status/look.ts';
import { watch } from '../status/watch.ts';
import { whileKept } from '../token/keep-token.ts';
import type { World } from '../world.ts';

/** The command `andon status`. */
export function statusCommand(world: World): Command {
  return leaf('status', 'show the project at a glance')
    .option('--watch', 'draw the status again after every event, until Ctrl-C')
    .action(act<{ watch?: boolean }>(world, status));
}

async function status(run: Run<{ watch?: boolean }>) {
  const link = await run.link();
  if (run.options.watch === true) return whileKept(link, run.world, () => watch(link, run.terminal));
  const data = await look(link);
  return { data, lines: statusLines(data, run.terminal.paint) };
}
