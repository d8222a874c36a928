import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { act, leaf, many, type Run, wholeNumber } from '../command.ts';
import { heldLease } from '../lease.ts';
import type { World } from '../world.ts';

interface CheckpointOptions {
  readonly epoch?: number;
  readonly done?: readonly string[];
  readonly next?: readonly string[];
  readonly file?: readonly string[];
  readonly item?: readonly string[];
  readonly blocker?: readonly string[];
  readonly note?: string;
}

const about = `says where you stand with the task that you hold. It takes the place of your last checkpoint of the task, and
whoever goes on starts from it. Executives hear of new blockers. Each option may be given several times.`;

/** The command `andon checkpoint`. */
export function checkpointCommand(world: World): Command {
  return leaf('checkpoint', 'say where you stand with your task', about)
    .argument('[task]', 'the task (default: ANDON_TASK, the branch checked out, the one you hold)')
    .option(
      '--epoch <n>',
      'epoch of the lease (default: ANDON_EPOCH, the branch, what you hold)',
      wholeNumber(1, 1_000_000_000),
    )
    .addOption(many('--done <text>', 'a step that you have done, the last one last'))
    .addOption(many('--next <text>', 'a step that you take next, the first one first'))
    .addOption(many('--file <path>', 'a file that you work on'))
    .addOption(many('--item <text>', 'a fact worth knowing'))
    .addOption(many('--blocker <text>', 'what you wait for'))
    .option('--note <text>', 'anything else, in words')
    .action(act<CheckpointOptions, [string?]>(world, checkpoint));
}

async function checkpoint(run: Run<CheckpointOptions>, task: string | undefined) {
  const { done, next, file, item, blocker, note, epoch } = run.options;
  const words = defined({
    done: listed(done),
    next: listed(next),
    filesOpen: listed(file),
    contextItems: listed(item),
    blockers: listed(blocker),
    checkpoint: note,
  });
  if (Object.keys(words).length === 0)
    throw fail('cli.usage', 'checkpoint', { found: 'nothing said', next: 'add --done, --next, --blocker …' });
  const link = await run.link();
  const held = await heldLease(run, link, { ...defined({ epoch }), ...(task && { task }) });
  const data = await link.client.agent.update.mutate({
    project: link.project,
    currentTask: held.task,
    epoch: held.epoch,
    ...words,
  });
  const told =
    data.told === 0 ? '' : `; the executives hear of ${data.told} blocker${data.told === 1 ? '' : 's'}`;
  return { data, lines: [`${held.task}: checkpoint of epoch ${held.epoch}${told}`] };
}

const listed = (texts: readonly string[] | undefined): string[] | undefined =>
  texts === undefined ? undefined : [...texts];
