import { type Command, Option } from 'commander';
import { act, leaf } from '../command.ts';
import type { SampleOptions } from '../sample/options.ts';
import type { World } from '../world.ts';

const about = `runs the sample line: a small real repository with a plan, on which three command agents (one per tier) carry
six tasks to main, with refused pushes, a failing gate and a rejection on the way. The gateway stays up to be looked at.`;

const agents = [
  ...['lead', 'builder', 'reviewer'],
  'fleet-stocker',
  ...['triggers-lead', 'triggers-builder', 'triggers-dawdler', 'triggers-reviewer'],
];

/** The command `andon sample`, which `npm start` runs. */
export function sampleCommand(world: World): Command {
  return leaf('sample', 'run the sample line', about)
    .option('--exit', 'end when the plan is done; status 0 only if every task landed')
    .option(
      '--triggers',
      'show actions that happen by themselves: a review by the clock, a deadline, a broken build, an idle agent',
    )
    .option('--fleet', 'show twelve agents that land twenty tasks in batches; two are wrong only together')
    .option('--folder <folder>', 'make the sample in this folder (default: a temporary one)')
    .option('--database-url <url>', 'PostgreSQL (default: PGlite)')
    .addOption(
      new Option('--agent <name>', 'be this agent of the sample, in a run').choices(agents).hideHelp(),
    )
    .action(
      act<SampleOptions>(world, async (run) => {
        if (run.options.agent !== undefined) {
          await import(
            `../sample/agents/${run.options.agent}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
          );
          return;
        }
        const { runSample } = await import('../sample/run.ts');
        process.exitCode = await runSample(run);
      }),
    );
}
