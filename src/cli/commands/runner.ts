import { type Command, InvalidArgumentError, Option } from 'commander';
import { adapterNames } from '../../plan/kinds.ts';
import { runnerNamePattern } from '../../runs/runner-name.ts';
import { act, leaf, many, wholeNumber } from '../command.ts';
import type { RunnerCliOptions } from '../runner/serve.ts';
import type { World } from '../world.ts';

const about = `takes runs of agents from the gateway and brings each to its end, here on this machine; gates too, where its grant says so.
andon up holds one already; more may run on other machines:

  andon token mint --agent runner:mac-1 --role RUNNER --grant 30d --out runner.token
  andon runner --url https://andon.example:7420 --token-file runner.token --name mac-1

Gates run on it too, or alone, under a grant that only a person can give:

  andon token mint --agent runner:mac-2 --role GATE_RUNNER --grant 30d --out gates.token
  andon runner --url https://andon.example:7420 --token-file gates.token --name mac-2 --gates 4

Several --url (or several addresses in ANDON_URL, with spaces between them) are gateways of one database: the next one is
asked when one is not reached.`;

function namedRunner(text: string): string {
  if (!runnerNamePattern.test(text))
    throw new InvalidArgumentError('lower-case letters, digits, dots, dashes, underlines; at most 63');
  return text;
}

/** The command `andon runner`. */
export function runnerCommand(world: World): Command {
  const command = leaf('runner', 'start and contain runs of agents on this machine', about);
  const url = command.options.find(({ long }) => long === '--url');
  url?.argParser((text: string, before: unknown) => [...(Array.isArray(before) ? before : []), text]);
  return command
    .option('--name <name>', 'the name of this runner, different on every machine', namedRunner, 'local')
    .option('--capacity <n>', 'most runs at once', wholeNumber(1, 1000), 8)
    .option('--gates <n>', 'most gates at once (default: none)', wholeNumber(0, 1000))
    .addOption(
      many('--adapter <adapter...>', 'kinds of agent programs that it can start (default: all)').choices(
        adapterNames,
      ),
    )
    .option(
      '--folder <folder>',
      'folder for the folders of runs (default: runner/<name> in the user’s state folder)',
    )
    .addOption(
      new Option('--sandbox <setting>', 'required refuses runs without bubblewrap, preferred allows them')
        .choices(['required', 'preferred'])
        .default('preferred'),
    )
    .addOption(many('--hide <folder...>', 'folders that no run may see'))
    .option('--keep', 'leave the folder of a run behind when it has ended')
    .option('--until-parent-ends', 'end when standard input ends')
    .addOption(
      new Option(
        '--turn-file <file>',
        'file for long turns of its event loop, which andon doctor reads',
      ).hideHelp(),
    )
    .action(
      act<RunnerCliOptions>(world, async (run) => {
        const { serve } = await import('../runner/serve.ts');
        return serve(run);
      }),
    );
}
