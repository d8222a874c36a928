import type { Command } from 'commander';
import { spanWords } from '../../lib/durations.ts';
import { type RunState, runStates } from '../../runs/states.ts';
import { act, group, leaf, many, type Run, wholeNumber } from '../command.ts';
import { showRun } from '../run/show.ts';
import { followOutput } from '../runner/follow-output.ts';
import { type Cell, short, table } from '../table.ts';
import { whileKept } from '../token/keep-token.ts';
import type { World } from '../world.ts';
import { stopRun } from './agent.ts';

interface ListOptions {
  readonly state?: string[];
  readonly task?: string;
  readonly limit?: number;
}

/** The command `andon run`: processes of agents. */
export function runCommand(world: World): Command {
  return group('run', 'runs of agents: list, show, output, stop')
    .addCommand(
      leaf('list', 'list runs, the newest first')
        .addOption(many('--state <state...>', 'only these states').choices(runStates))
        .option('--task <task>', 'only runs for this task')
        .option('--limit <n>', 'most rows to show', wholeNumber(1, 1000))
        .action(act<ListOptions>(world, list)),
    )
    .addCommand(
      leaf('show', 'show a run: its spawner, its rights, its verdict and its work')
        .argument('<run>', 'id, whole or short')
        .action(act<object, [string]>(world, showRun)),
    )
    .addCommand(
      leaf('output', 'show the output of a run')
        .argument('<run>', 'id, whole or short')
        .option('--follow', 'go on until the run ends')
        .action(act<{ follow?: boolean }, [string]>(world, showOutput)),
    )
    .addCommand(
      leaf('stop', 'end a run')
        .argument('<run>', 'id, whole or short')
        .requiredOption('--why <text>', 'the reason; it is recorded')
        .action(act<{ why: string }, [string]>(world, stopRun)),
    );
}

async function list({ link, options, terminal }: Run<ListOptions>) {
  const { client, project } = await link();
  const { runs } = await client.run.list.query({
    project,
    states: options.state as RunState[] | undefined,
    task: options.task,
    limit: options.limit ?? 50,
  });
  const rows = runs.map((run): Cell[] => [
    short(run.id),
    run.agent,
    run.task ?? run.change ?? '-',
    outcomeCell(run.outcome, run.state),
    lasted(run),
    String(run.usage.tokens),
    run.runner ?? '-',
  ]);
  const head = ['run', 'agent', 'for', 'state', 'for how long', 'tokens', 'runner'];
  return { data: runs, lines: table(head, rows, terminal.paint) };
}

function outcomeCell(outcome: string | null, state: string): Cell {
  if (outcome === null) return [state, state === 'running' ? 'name' : 'quiet'];
  return [outcome.replaceAll('_', ' '), outcome === 'shipped' ? 'good' : 'bad'];
}

function lasted({
  startedAt,
  endedAt,
}: {
  startedAt: string | Date | null;
  endedAt: string | Date | null;
}): string {
  if (startedAt === null) return '-';
  const until = endedAt === null ? Date.now() : new Date(endedAt).getTime();
  return spanWords(until - new Date(startedAt).getTime());
}

async function showOutput(run: Run<{ follow?: boolean }>, id: string) {
  const link = await run.link();
  if (run.options.follow !== true) return followOutput(run, link, id, true);
  return whileKept(link, run.world, () => followOutput(run, link, id));
}
