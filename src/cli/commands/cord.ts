import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { spanWords } from '../../lib/durations.ts';
import { act, group, leaf, type Run, wholeNumber } from '../command.ts';
import { addClear } from '../cord/clear.ts';
import { clearCommand, type StopShown, stopLines } from '../cord/words.ts';
import { dateWords } from '../dates.ts';
import { printable } from '../printable.ts';
import { short, table } from '../table.ts';
import type { World } from '../world.ts';

interface PullOptions {
  readonly red?: boolean;
  readonly yellow?: boolean;
  readonly scope: string;
  readonly why: string;
}

/** The command `andon cord`: anybody stops the line; a human starts it again. */
export function cordCommand(world: World): Command {
  return group('cord', 'stop the line, show the stops, clear a stop')
    .addCommand(pullCommand(world))
    .addCommand(
      leaf(
        'status',
        'show the open stops',
        'shows the open stops: scope, reason, and who may clear each (exit 7 while there is one)',
      ).action(act(world, status)),
    )
    .addCommand(logCommand(world))
    .addCommand(addClear(world));
}

function pullCommand(world: World): Command {
  return leaf(
    'pull',
    'stop the line',
    `stops the line. Yellow: work in progress goes on to its next handoff, nothing new is claimed. Red: nothing in the
scope is claimed, spawned or landed until a human clears it with a root cause. Everybody with a token may pull.`,
  )
    .option('--yellow', 'finish to the next handoff (the default)')
    .option('--red', 'stop at once')
    .option(
      '--scope <scope>',
      'task/<task>, workflow/<task> (it and all that needs it), project, all',
      'project',
    )
    .requiredOption('--why <text>', 'the fault; everybody at work is told')
    .action(act<PullOptions>(world, pull));
}

async function pull({ link, options }: Run<PullOptions>) {
  const there = await link();
  const { scope, why } = options;
  const project = scope === 'all' ? '*' : there.project;
  const colour = options.red === true ? ('red' as const) : ('yellow' as const);
  const data = await there.client.cord.pull.mutate({ project, colour, scope, why });
  const times = data.count > 1 ? `, pulled ${data.count} times` : '';
  return {
    data,
    lines: [`${short(data.stop)}  ${colour} on ${scope}${times}`],
    talk: [`next: andon cord status; ${clearCommand(data.stop, colour)}`],
  };
}

async function status({ link, terminal }: Run<object>) {
  const { client, project } = await link();
  const data = await client.cord.status.query({ project });
  const lines = stopLines(data.stops, terminal.paint);
  if (lines.length === 0) return { data, lines: ['the line runs: no stop is open'] };
  return { data, lines, exit: 'stopped' as const };
}

function logCommand(world: World): Command {
  return leaf('log', 'list all stops, with the time to clear each')
    .option('--limit <n>', 'most rows to show', wholeNumber(1, 500))
    .action(
      act<{ limit?: number }>(world, async ({ link, options, terminal }) => {
        const { client, project } = await link();
        const limit = defined({ limit: options.limit });
        const data = await client.cord.log.query({ project, ...limit });
        const cells = data.stops.map(logCells);
        const head = ['STOP', 'COLOUR', 'SCOPE', 'CAUSE', 'BY', 'AT', 'CLEARED', 'WHY'];
        const median =
          data.medianSeconds === null ? 'none cleared yet' : `median ${spanWords(data.medianSeconds * 1000)}`;
        return {
          data,
          lines: table(head, cells, terminal.paint),
          talk: [`${data.total} stops, ${data.open} open; time to clear: ${median}`],
        };
      }),
    );
}

const logCells = (stop: StopShown & { readonly seconds: number | null }) => [
  short(stop.id),
  [stop.colour, stop.colour === 'red' ? 'bad' : 'warn'] as const,
  stop.project === '*' ? 'all' : stop.scope,
  stop.cause,
  stop.pulledBy,
  dateWords(stop.at),
  stop.seconds === null ? 'open' : `${spanWords(stop.seconds * 1000)} by ${stop.clearedBy}`,
  printable(stop.why.slice(0, 80)),
];
