import type { Command } from 'commander';
import { act, leaf, type Run, wholeNumber } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { follow, untilInterrupted } from '../follow.ts';
import { short, table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { whileKept } from '../token/keep-token.ts';
import type { World } from '../world.ts';

type Queue = Awaited<ReturnType<GatewayLink['client']['change']['queue']['query']>>;

/** The command `andon queue`: what lands next, and what holds the rest. */
export function queueCommand(world: World): Command {
  return leaf('queue', 'show the landing queue: what lands next, and what holds the rest')
    .option('--watch', 'draw the queue again after every event, until Ctrl-C')
    .action(act<{ watch?: boolean }>(world, show))
    .addCommand(
      ordering(leaf('move', 'give an approved change a place'))
        .requiredOption('--to <n>', 'the place, 1 for the first', wholeNumber(1, 1000))
        .action(
          act<Reasoned & { to: number }, [string]>(world, async ({ link, options }, change) => {
            const { client, project } = await link();
            const { to, reason: why } = options;
            const data = await client.change.move.mutate({ project, change, to, why });
            return { data, lines: [`${short(data.change)}: place ${to}`] };
          }),
        ),
    )
    .addCommand(
      ordering(leaf('hold', 'keep an approved change from landing')).action(
        act<Reasoned, [string]>(world, async ({ link, options }, change) => {
          const { client, project } = await link();
          const data = await client.change.hold.mutate({ project, change, why: options.reason });
          return {
            data,
            lines: [`${short(data.change)}: held`],
            talk: [`next: andon queue release ${short(data.change)} --reason "…"`],
          };
        }),
      ),
    )
    .addCommand(
      ordering(leaf('release', 'let a held change land')).action(
        act<Reasoned, [string]>(world, async ({ link, options }, change) => {
          const { client, project } = await link();
          const data = await client.change.release.mutate({ project, change, why: options.reason });
          return { data, lines: [`${short(data.change)}: released`] };
        }),
      ),
    );
}

interface Reasoned {
  readonly reason: string;
}

const ordering = (command: Command): Command =>
  command.argument('<change>').requiredOption('--reason <text>', 'the reason, which the log keeps');

async function show(run: Run<{ watch?: boolean }>) {
  const link = await run.link();
  if (run.options.watch === true) return whileKept(link, run.world, () => watch(link, run.terminal));
  const data = await read(link);
  return { data, lines: queueLines(data, run.terminal.paint) };
}

const read = ({ client, project }: GatewayLink): Promise<Queue> => client.change.queue.query({ project });

/** Draws the queue after every event, several events at once as one drawing. */
async function watch(link: GatewayLink, terminal: Terminal): Promise<void> {
  const end = untilInterrupted();
  const draw = async (): Promise<void> => {
    const seen = await read(link);
    const clear = terminal.isTty ? '\u001b[H\u001b[2J' : '';
    terminal.data(
      terminal.json ? JSON.stringify(seen) : `${clear}${queueLines(seen, terminal.paint).join('\n')}`,
    );
  };
  try {
    await draw();
    for await (const _event of follow(link, { project: link.project, signal: end.signal })) await draw();
  } finally {
    end.release();
  }
}

function queueLines({ rows, main, batch, slots, flaky }: Queue, paint: Terminal['paint']): string[] {
  const first = `main ${main.slice(0, 12)}; at most ${batch} changes a run, ${slots} runs at once`;
  const head = [first, ...flaky.map(flakyWords)];
  if (rows.length === 0) return [...head, 'nothing is approved and waits to land'];
  const cells = rows.map((row) => [
    row.position === null ? 'held' : String(row.position),
    short(row.change),
    row.task,
    batchWords(row),
    row.gatesLeft.join(', ') || '-',
    row.expectedMinutes === null ? '-' : `${row.expectedMinutes} min`,
    row.strikes === 0 ? '-' : String(row.strikes),
    row.rebuilt === 0 ? '-' : String(row.rebuilt),
    row.held.map(({ code, found }) => `${code}${found === undefined ? '' : `: ${found}`}`).join('; ') || '-',
  ]);
  const columns = [
    'PLACE',
    'CHANGE',
    'TASK',
    'BATCH',
    'GATES LEFT',
    'EXPECTED',
    'STRIKES',
    'REBUILT',
    'HELD BY',
  ];
  return [...head, ...table(columns, cells, paint)];
}

const flakyWords = ({ gate, trees }: Queue['flaky'][number]): string =>
  `gate ${gate} is flaky: it both passed and failed ${trees === 1 ? 'one tree' : `${trees} trees`} in 30 days`;

const batchWords = ({ aside, batch }: Queue['rows'][number]): string => {
  if (aside) return 'apart';
  return batch === null ? '-' : String(batch);
};
