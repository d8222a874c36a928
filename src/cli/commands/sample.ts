import { type Command, Option } from 'commander';
import { act, leaf } from '../command.ts';
import type { SampleOptions } from '../sample/options.ts';
import type { World } from '../world.ts';

const about = `runs the sample line: a small real repository with a plan, on which three command agents (one per tier) carry
six tasks to main, with refused pushes, a failing gate and a rejection on the way. The gateway stays up to be looked at.`;

/** The agents of the sample: each is a program, which runs when its module is loaded. */
const agents: Readonly<Record<string, () => Promise<unknown>>> = {
  lead: () => import('../sample/agents/lead.ts'),
  builder: () => import('../sample/agents/builder.ts'),
  reviewer: () => import('../sample/agents/reviewer.ts'),
  'fleet-stocker': () => import('../sample/agents/fleet-stocker.ts'),
  'triggers-lead': () => import('../sample/agents/triggers-lead.ts'),
  'triggers-builder': () => import('../sample/agents/triggers-builder.ts'),
  'triggers-dawdler': () => import('../sample/agents/triggers-dawdler.ts'),
  'triggers-reviewer': () => import('../sample/agents/triggers-reviewer.ts'),
};

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
      new Option('--agent <name>', 'be this agent of the sample, in a run')
        .choices(Object.keys(agents))
        .hideHelp(),
    )
    .action(
      act<SampleOptions>(world, async (run) => {
        const agent = agents[run.options.agent ?? ''];
        if (agent !== undefined) {
          await agent();
          return;
        }
        const { runSample } = await import('../sample/run.ts');
        process.exitCode = await runSample(run);
      }),
    );
}
