import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { recordWords } from '../../memory/record-words.ts';
import { act, group, leaf, type Run, wholeNumber } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { printable, printableText } from '../printable.ts';
import { short, table } from '../table.ts';
import type { World } from '../world.ts';

type SolutionApi = GatewayLink['client']['solution'];
type ListedSolution = Awaited<ReturnType<SolutionApi['list']['query']>>[number];
type ShownSolution = Awaited<ReturnType<SolutionApi['show']['query']>>;

/** The command `andon solution`: errors that were solved, and how. */
export function solutionCommand(world: World): Command {
  return group('solution', 'solutions of errors: search, list, show, describe')
    .addCommand(searchCommand(world))
    .addCommand(listCommand(world))
    .addCommand(showCommand(world))
    .addCommand(describeCommand(world));
}

interface SolutionSearchOptions {
  readonly file?: string;
  readonly limit?: number;
}

function searchCommand(world: World): Command {
  return leaf(
    'search',
    'find solutions of an error',
    'finds solutions of an error, those of the very same one first: paths, numbers, times and ids make no difference. Nothing is applied by itself.',
  )
    .argument('[error...]', 'the text of the error')
    .option('--file <file>', 'read the output of the command from a file; `-` is stdin')
    .option('--limit <n>', 'most solutions to show', wholeNumber(1, 50))
    .action(
      act<SolutionSearchOptions, [string[]]>(world, async (run, words) => {
        const error = await errorOf(run, words);
        const { client, project } = await run.link();
        const limit = defined({ limit: run.options.limit });
        const data = await client.solution.search.query({ project, error, ...limit });
        const cells = data.map((row) => [
          ...cellsOf(row),
          row.similarity === 1 ? 'same' : row.similarity.toFixed(2),
        ]);
        const none = ['no solution of such an error'];
        return {
          data,
          lines: cells.length === 0 ? none : table([...head, 'LIKE'], cells, run.terminal.paint),
        };
      }),
    );
}

/** The error to search for: its own lines, which are all that the gateway compares. */
async function errorOf(run: Run<SolutionSearchOptions>, words: readonly string[]): Promise<string> {
  const given = words.length > 0 ? words.join(' ') : await textOf(run);
  const { errorIn } = await import('../../memory/error-text.ts');
  const found = errorIn(given);
  if (found !== undefined) return found.text;
  throw fail('cli.usage', 'solution search', {
    found: 'a text without a word of an error',
    next: 'give the output of the command',
  });
}

async function textOf({ world, options: { file } }: Run<SolutionSearchOptions>): Promise<string> {
  if (file === undefined)
    throw fail('cli.usage', 'solution search', { found: 'neither an error nor --file' });
  try {
    return await readFile(file === '-' ? '/dev/stdin' : resolve(world.cwd, file), 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw fail('cli.usage', file, { found: code, next: 'name a text file' }, error);
  }
}

const head = ['SOLUTION', 'TASK', 'RECORD', 'ERROR', 'FIX'];

const cellsOf = (row: ListedSolution): string[] => [
  short(row.id),
  row.task,
  recordWords(row),
  printable(row.error.split('\n')[0] ?? '').slice(0, 80),
  printable(row.fix.split('\n')[0] ?? '').slice(0, 60) || '-',
];

function listCommand(world: World): Command {
  return leaf('list', 'list solutions, the newest first')
    .option('--limit <n>', 'most solutions to show', wholeNumber(1, 200))
    .action(
      act<{ limit?: number }>(world, async ({ link, options, terminal }) => {
        const { client, project } = await link();
        const data = await client.solution.list.query({ project, ...defined({ limit: options.limit }) });
        const lines = data.length === 0 ? ['no solutions'] : table(head, data.map(cellsOf), terminal.paint);
        return { data, lines };
      }),
    );
}

function showCommand(world: World): Command {
  return leaf('show', 'show a solution with its patch')
    .argument('<solution>', 'id, whole or short')
    .action(
      act<object, [string]>(world, async ({ link }, solution) => {
        const { client, project } = await link();
        const row = await client.solution.show.query({ project, solution });
        return { data: row, lines: solutionLines(row).map(printableText) };
      }),
    );
}

function solutionLines(row: ShownSolution): string[] {
  const patch =
    row.patch === null ? ['the commits are no longer in the repository'] : row.patch.text.split('\n');
  return [
    `solution ${row.id}  ${recordWords(row)}  by ${row.fixedBy} in ${row.task}, gate ${row.gate}  ${dateWords(row.at)}`,
    ...row.error.split('\n').map((line) => `error  ${line}`),
    ...(row.cause === '' ? [] : [`cause  ${row.cause}`]),
    ...(row.fix === '' ? [] : [`fix    ${row.fix}`]),
    `patch  ${row.failedCommit.slice(0, 12)}..${row.fixedCommit.slice(0, 12)}`,
    ...patch,
  ];
}

interface DescribeOptions {
  readonly cause: string;
  readonly fix: string;
}

function describeCommand(world: World): Command {
  return leaf('describe', 'say what the cause of an error was, and what mended it')
    .argument('<solution>', 'id, whole or short')
    .requiredOption('--cause <text>', 'the root cause')
    .requiredOption('--fix <text>', 'the fix')
    .action(
      act<DescribeOptions, [string]>(world, async ({ link, options: { cause, fix } }, solution) => {
        const { client, project } = await link();
        const data = await client.solution.describe.mutate({ project, solution, cause, fix });
        return { data, lines: [`${short(data.solution)}: described`] };
      }),
    );
}
