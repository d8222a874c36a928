import { type Command, InvalidArgumentError } from 'commander';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { act, group, leaf, many, type Run, wholeNumber } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import type { ExportOptions } from '../decision/files.ts';
import { printable, printableText } from '../printable.ts';
import { short, table } from '../table.ts';
import type { Paint } from '../terminal.ts';
import type { World } from '../world.ts';

type ShownDecision = Awaited<ReturnType<GatewayLink['client']['decision']['show']['query']>>;

/** The command `andon decision`: what executives and people settled, with the reasons. */
export function decisionCommand(world: World): Command {
  return group('decision', 'decisions: write, search, list, show')
    .addCommand(writeCommand(world))
    .addCommand(searchCommand(world))
    .addCommand(listCommand(world))
    .addCommand(showCommand(world))
    .addCommand(exportCommand(world))
    .addCommand(checkCommand(world));
}

function exportCommand(world: World): Command {
  return leaf(
    'export',
    'write every decision as a file (MADR)',
    'writes every decision as a file of the form of MADR into docs/decisions; a person lands them like any change',
  )
    .option('--dir <folder>', 'the root of the work tree', '.')
    .action(
      act<ExportOptions>(world, async (run) => {
        const { exportDecisions } = await import('../decision/files.ts');
        return exportDecisions(run);
      }),
    );
}

function checkCommand(world: World): Command {
  return leaf('check', 'judge files of decisions, with line numbers')
    .argument('<files...>')
    .action(
      act<object, [string[]]>(world, async (run, files) => {
        const { checkDecisions } = await import('../decision/files.ts');
        return checkDecisions(run, files);
      }),
    );
}

interface DecisionOptions {
  readonly question: string;
  readonly decision: string;
  readonly rationale?: string;
  readonly rejected?: readonly string[];
  readonly confidence?: number;
  readonly affects?: readonly string[];
  readonly supersedes?: string;
}

function share(text: string): number {
  const value = /^(0|1|0?\.\d{1,4}|1\.0{1,4})$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new InvalidArgumentError('a number from 0 to 1, such as 0.9');
  return value;
}

function writeCommand(world: World): Command {
  return leaf('write', 'record a decision')
    .requiredOption('--question <text>', 'the question, in one line')
    .requiredOption('--decision <text>', 'the decision')
    .option('--rationale <text>', 'the reasons for it')
    .addOption(
      many('--rejected <option: reason>', 'an alternative and the reason against it; may be repeated'),
    )
    .option('--confidence <n>', 'from 0 to 1', share)
    .addOption(many('--affects <glob>', 'paths that it affects; may be repeated'))
    .option('--supersedes <decision>', 'the decision that it takes the place of')
    .action(
      act<DecisionOptions>(world, async ({ link, options }) => {
        const { client, project } = await link();
        const { question, decision, rationale, confidence, supersedes } = options;
        const rejected = (options.rejected ?? []).map(rejectedOf);
        const affects = [...(options.affects ?? [])];
        const more = defined({ rationale, confidence, supersedes });
        const data = await client.decision.write.mutate({
          project,
          question,
          decision,
          rejected,
          affects,
          ...more,
        });
        return { data, lines: [data.decision] };
      }),
    );
}

function rejectedOf(text: string): { option: string; reason: string } {
  const at = text.indexOf(':');
  const option = (at === -1 ? text : text.slice(0, at)).trim();
  if (option === '') throw fail('cli.usage', '--rejected', { found: text, next: 'write "option: reason"' });
  return { option, reason: at === -1 ? '' : text.slice(at + 1).trim() };
}

interface FindOptions {
  readonly all?: boolean;
  readonly limit?: number;
  readonly path?: string;
}

function searchCommand(world: World): Command {
  return leaf('search', 'find decisions by words, the best first')
    .argument('<words...>')
    .option('--all', 'also those that were superseded')
    .option('--limit <n>', 'most decisions to show', wholeNumber(1, 50))
    .action(
      act<FindOptions, [string[]]>(world, async (run, words) => {
        const { client, project } = await run.link();
        const asked = { project, query: queryOf(words), ...found(run.options) };
        const data = await client.decision.search.query(asked);
        return { data, lines: rowsOf(data, run.terminal.paint, 'no decision holds these words') };
      }),
    );
}

const queryLengthMax = 1_000;

/** The words as one query; a longer one would not fit into the address of a request. */
function queryOf(words: readonly string[]): string {
  const query = words.join(' ');
  if (query.length <= queryLengthMax) return query;
  const found = `${query.length} characters`;
  throw fail('cli.usage', 'decision search', { found, limit: queryLengthMax, next: 'name a few words' });
}

function listCommand(world: World): Command {
  return leaf('list', 'list decisions, the newest first')
    .option('--path <path>', 'only those that affect a path or glob')
    .option('--all', 'also those that were superseded')
    .option('--limit <n>', 'most decisions to show', wholeNumber(1, 200))
    .action(
      act<FindOptions>(world, async (run) => {
        const { client, project } = await run.link();
        const path = defined({ path: run.options.path });
        const data = await client.decision.list.query({ project, ...path, ...found(run.options) });
        return { data, lines: rowsOf(data, run.terminal.paint, 'no decisions') };
      }),
    );
}

const found = ({ all, limit }: FindOptions) => defined({ all, limit });

function rowsOf(rows: readonly ShownDecision[], paint: Paint, none: string): string[] {
  if (rows.length === 0) return [none];
  const cells = rows.map((row) => [
    short(row.id),
    row.supersededBy === null ? 'stands' : `by ${short(row.supersededBy)}`,
    row.madeBy,
    printable(row.question),
    printable(row.decision.split('\n')[0] ?? ''),
  ]);
  return table(['DECISION', 'STATE', 'BY', 'QUESTION', 'DECIDED'], cells, paint);
}

function showCommand(world: World): Command {
  return leaf('show', 'show a decision with its reasons')
    .argument('<decision>', 'id, whole or short')
    .action(
      act<object, [string]>(world, async (run: Run<object>, decision) => {
        const { client, project } = await run.link();
        const row = await client.decision.show.query({ project, decision });
        return { data: row, lines: decisionLines(row).map(printableText) };
      }),
    );
}

function decisionLines(row: ShownDecision): string[] {
  const { confidence, affects, supersedes, supersededBy, rejected } = row;
  const facts = [
    `decision ${row.id}  number ${row.number}  by ${row.madeBy}  ${dateWords(row.at)}`,
    ...(confidence === null ? [] : [`confidence ${confidence}`]),
    ...(affects.length === 0 ? [] : [`affects ${affects.join(', ')}`]),
    ...(supersedes === null ? [] : [`supersedes ${short(supersedes)}`]),
    ...(supersededBy === null ? [] : [`superseded by ${short(supersededBy)}`]),
  ];
  const against = rejected.map(({ option, reason }) =>
    reason === '' ? `- ${option}` : `- ${option}: ${reason}`,
  );
  return [
    ...facts,
    `# ${row.question}`,
    ...row.decision.split('\n'),
    ...(row.rationale === '' ? [] : ['', 'because', ...row.rationale.split('\n')]),
    ...(against.length === 0 ? [] : ['', 'rejected', ...against]),
  ];
}
