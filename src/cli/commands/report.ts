import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { runAudit } from '../audit/run-audit.ts';
import { act, group, leaf, type Run, wholeNumber } from '../command.ts';
import { dateWords } from '../dates.ts';
import { printableText } from '../printable.ts';
import { short, table } from '../table.ts';
import type { World } from '../world.ts';

interface WriteOptions {
  readonly title: string;
  readonly body?: string;
  readonly file?: string;
}

const kinds = ['alert', 'report'] as const;

/** The command `andon report`: alerts and reports for everybody to read. */
export function reportCommand(world: World): Command {
  return group('report', 'alerts and reports')
    .addCommand(writeCommand(world))
    .addCommand(
      leaf('progress', 'report the work since the last report, the open work, and the risks')
        .option('--last', 'show the last one instead of a new one')
        .action(act<{ last?: boolean }>(world, async (run) => runAudit(run, 'report'))),
    )
    .addCommand(
      leaf('show', 'show an alert or a report')
        .argument('<report>', 'id, whole or short')
        .action(
          act<object, [string]>(world, async ({ link }, report) => {
            const { client, project } = await link();
            const row = await client.report.show.query({ project, report });
            const head = `${row.kind} ${row.id}  by ${row.byAgent}  ${dateWords(row.at)}`;
            return {
              data: row,
              lines: [head, `# ${row.title}`, '', ...row.body.split('\n')].map(printableText),
            };
          }),
        ),
    )
    .addCommand(
      leaf('list', 'list alerts and reports, the newest first')
        .option('--limit <n>', 'most rows to show', wholeNumber(1, 200))
        .action(
          act<{ limit?: number }>(world, async ({ link, options, terminal }) => {
            const { client, project } = await link();
            const limit = defined({ limit: options.limit });
            const rows = await client.report.list.query({ project, ...limit });
            const cells = rows.map((row) => [
              short(row.id),
              row.kind,
              row.byAgent,
              dateWords(row.at),
              row.title,
            ]);
            return {
              data: rows,
              lines: table(['REPORT', 'KIND', 'BY', 'AT', 'TITLE'], cells, terminal.paint),
            };
          }),
        ),
    );
}

function writeCommand(world: World): Command {
  return leaf('write', 'write an alert or a report')
    .addArgument(new Argument('<kind>').choices(kinds))
    .requiredOption('--title <text>', 'the subject')
    .option('--body <text>', 'the text')
    .option('--file <file>', 'read the text from a file; `-` is stdin')
    .action(
      act<WriteOptions, [(typeof kinds)[number]]>(world, async (run, kind) => {
        const body = await bodyOf(run);
        const { client, project } = await run.link();
        const words = { project, title: run.options.title, body };
        const data =
          kind === 'alert' ? await client.alert.write.mutate(words) : await client.report.write.mutate(words);
        return { data, lines: [data.report] };
      }),
    );
}

async function bodyOf({ options, world }: Run<WriteOptions>): Promise<string> {
  const { body, file } = options;
  if (body !== undefined) return body;
  if (file === undefined) throw fail('cli.usage', 'report write', { found: 'neither --body nor --file' });
  try {
    return await readFile(file === '-' ? '/dev/stdin' : resolve(world.cwd, file), 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw fail('cli.usage', file, { found: code, next: 'name a text file' }, error);
  }
}
