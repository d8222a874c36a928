import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { spanWords } from '../../lib/durations.ts';
import { type TaskState, taskStates } from '../../tasks/states.ts';
import { act, durationSeconds, group, leaf, wholeNumber } from '../command.ts';
import { dateWords } from '../dates.ts';
import { heldLease } from '../lease.ts';
import { stateCell, table } from '../table.ts';
import { claimCommand } from '../task/claim.ts';
import { showTask } from '../task/show.ts';
import { nextCommand, waitingCommand } from '../task/waiting.ts';
import type { World } from '../world.ts';

/** The command `andon task`: work is pulled, held for a time, given back or offered. */
export function taskCommand(world: World): Command {
  return group('task', 'tasks: list, claim, hold, ask')
    .addCommand(listCommand(world))
    .addCommand(
      leaf('show', 'show a task: scope, needs, gates, holder, questions')
        .argument('<task>')
        .action(act<object, [string]>(world, showTask)),
    )
    .addCommand(nextCommand(world))
    .addCommand(waitingCommand(world))
    .addCommand(claimCommand(world))
    .addCommand(renewCommand(world))
    .addCommand(releaseCommand(world))
    .addCommand(stealCommand(world))
    .addCommand(askCommand(world))
    .addCommand(answerCommand(world))
    .addCommand(abandonCommand(world));
}

function listCommand(world: World): Command {
  return leaf('list', 'list the tasks with state and holder')
    .option('--state <state>', `one of ${taskStates.join(', ')}`)
    .action(
      act<{ state?: TaskState }>(world, async ({ link, options, terminal }) => {
        const { client, project } = await link();
        const state = defined({ state: options.state });
        const rows = await client.task.list.query({ project, ...state });
        const cells = rows.map((row) => [
          row.id,
          stateCell(row.state),
          row.phase,
          row.holder ?? '-',
          row.leaseUntil === null ? '-' : spanWords(Date.parse(row.leaseUntil) - Date.now()),
          row.title,
        ]);
        const head = ['TASK', 'STATE', 'PHASE', 'HOLDER', 'LEASE', 'TITLE'];
        return { data: rows, lines: table(head, cells, terminal.paint) };
      }),
    );
}

const epochOption = [
  '--epoch <n>',
  'epoch of the lease (default: ANDON_EPOCH, the branch, what you hold)',
] as const;
const leaseWords = '[task]';
const leaseHelp = 'the task (default: ANDON_TASK, the branch checked out, the one you hold)';

function renewCommand(world: World): Command {
  return leaf('renew', 'renew the lease of a task that you hold')
    .argument(leaseWords, leaseHelp)
    .option(...epochOption, wholeNumber(1, 1_000_000_000))
    .option(
      '--every <duration>',
      'keep renewing in this interval until the lease is lost or Ctrl-C',
      durationSeconds,
    )
    .action(
      act<{ epoch?: number; every?: number }, [string?]>(world, async (run, task) => {
        const link = await run.link();
        const held = await heldLease(run, link, { ...run.options, ...(task && { task }) });
        if (run.options.every !== undefined) {
          const { whileKept } = await import('../token/keep-token.ts');
          const { keepRenewing } = await import('../task/keep-renewing.ts');
          const { every } = run.options;
          return whileKept(link, world, () => keepRenewing(run, link, held, every));
        }
        const data = await link.client.task.renew.mutate({ project: link.project, ...held });
        return {
          data,
          lines: [`${held.task}: epoch ${held.epoch}, held until ${dateWords(data.leaseUntil)}`],
        };
      }),
    );
}

function releaseCommand(world: World): Command {
  return leaf('release', 'give a task back to the pool')
    .argument(leaseWords, leaseHelp)
    .option(...epochOption, wholeNumber(1, 1_000_000_000))
    .requiredOption('--why <text>', 'the reason; it is recorded')
    .action(
      act<{ epoch?: number; why: string }, [string?]>(world, async (run, task) => {
        const link = await run.link();
        const held = await heldLease(run, link, { ...run.options, ...(task && { task }) });
        const data = await link.client.task.release.mutate({
          project: link.project,
          ...held,
          why: run.options.why,
        });
        return { data, lines: [`${held.task} is ready again`] };
      }),
    );
}

function stealCommand(world: World): Command {
  return leaf(
    'steal',
    'move a task in progress to another holder',
    'moves a task in progress to another holder; the former one is fenced off at once',
  )
    .argument('<task>')
    .requiredOption('--to <agent>', 'the next holder, such as agent:builder-2')
    .requiredOption('--why <text>', 'the reason; it is recorded')
    .action(
      act<{ to: string; why: string }, [string]>(world, async ({ link, options }, task) => {
        const { client, project } = await link();
        const data = await client.task.steal.mutate({ project, task, to: options.to, why: options.why });
        return { data, lines: [`${task}: epoch ${data.epoch}, held by ${data.holder}`] };
      }),
    );
}

function askCommand(world: World): Command {
  return leaf(
    'ask',
    'ask the people a question about a task',
    'asks the people a question; the task cannot be closed until it is answered',
  )
    .argument('<task>')
    .argument('<question>')
    .option('--against <agent>', 'an agent that you disagree with; a person decides')
    .action(
      act<{ against?: string }, [string, string]>(world, async ({ link, options }, task, question) => {
        const { client, project } = await link();
        const data = await client.task.ask.mutate({ project, task, question, against: options.against });
        return { data, lines: [data.question] };
      }),
    );
}

function answerCommand(world: World): Command {
  return leaf('answer', 'answer the open questions about a task')
    .argument('<task>')
    .argument('<answer>')
    .option('--decides-for <agent>', 'for a disagreement: the agent that is right; it is recorded')
    .action(
      act<{ decidesFor?: string }, [string, string]>(world, async ({ link, options }, task, answer) => {
        const { client, project } = await link();
        const { decidesFor } = options;
        const data = await client.task.answer.mutate({ project, task, answer, decidesFor });
        return { data, lines: [`${task}: answered`] };
      }),
    );
}

function abandonCommand(world: World): Command {
  return leaf('abandon', 'take a task out of the work for good')
    .argument('<task>')
    .requiredOption('--why <text>', 'the reason; it is recorded')
    .action(
      act<{ why: string }, [string]>(world, async ({ link, options }, task) => {
        const { client, project } = await link();
        const data = await client.task.abandon.mutate({ project, task, why: options.why });
        const { stranded = [] } = data;
        const lines = stranded.map((id) => `${id} needs it, at once or by others, and can never be done`);
        const next = 'take the need out of the plan (andon plan apply), or abandon these too';
        return {
          data,
          lines: [`${task} is abandoned`, ...lines],
          talk: stranded.length === 0 ? [] : [next],
        };
      }),
    );
}
