import type { Command } from 'commander';
import { act, leaf } from '../command.ts';
import { short, table } from '../table.ts';
import type { World } from '../world.ts';

/** The command `andon gate runners`. */
export const runnersCommand = (world: World): Command =>
  leaf('runners', 'list who carries out gates: gateways and runners').action(
    act(world, async ({ link, terminal }) => {
      const { client, project } = await link();
      const rows = await client.gate.runners.query({ project });
      const cells = rows.map((row) => [
        row.name,
        `${row.running} of ${row.slots}`,
        row.containment,
        short(row.grant),
      ]);
      const head = ['RUNNER', 'BUSY', 'CONTAINMENT', 'GRANT'];
      return { data: rows, lines: table(head, cells, terminal.paint) };
    }),
  );

/** The command `andon gate follow`. */
export const followCommand = (world: World): Command =>
  leaf(
    'follow',
    'print the output of a gate while it is carried out',
    'prints the output of a gate while it is carried out, wherever that is, and how it ends. Status 0 when it passes',
  )
    .argument('<change>')
    .argument('<gate>')
    .action(
      act<object, [string, string]>(world, async (run, change, gate) => {
        const { followGate } = await import('../gate/follow.ts');
        return followGate(run, change, gate);
      }),
    );

const about =
  'repeats a gate that has passed with a change on another runner. When it fails there `retry` + 1 times, the pass counts no more';

/** The command `andon gate rerun`. */
export const rerunCommand = (world: World): Command =>
  leaf('rerun', 'repeat a gate that has passed on another runner', about)
    .argument('<change>')
    .argument('<gate>')
    .requiredOption('--on <runner>', 'a runner of andon gate runners, or gateway')
    .action(
      act<{ on: string }, [string, string]>(world, async ({ link, options }, change, gate) => {
        const { client, project } = await link();
        const data = await client.gate.rerun.mutate({ project, change, gate, on: options.on });
        const lines = [`${short(data.run)}: ${gate} again on ${data.on}`];
        return { data, lines, talk: [`next: andon gate list ${change}`] };
      }),
    );
