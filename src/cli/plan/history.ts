import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { act, leaf, type Run, wholeNumber } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { printable, printableText } from '../printable.ts';
import { table } from '../table.ts';
import type { World } from '../world.ts';
import { diffLines } from './difference.ts';

type Revision = Awaited<ReturnType<GatewayLink['client']['plan']['history']['query']>>[number];

/** The command `andon plan history`. */
export function historyCommand(world: World): Command {
  return leaf('history', 'list the plans that were applied, the latest first')
    .option('--limit <n>', 'most rows to show', wholeNumber(1, 500))
    .option('--before <n>', 'only plans before this number', wholeNumber(1, 2_147_483_647))
    .action(
      act<{ limit?: number; before?: number }>(world, async ({ link, options, terminal }) => {
        const { client, project } = await link();
        const { limit = 20, before } = options;
        const asked = { project, limit, ...(before !== undefined && { before }) };
        const rows = await client.plan.history.query(asked);
        const last = rows.at(-1)?.revision ?? 1;
        const lines = table(['N', 'HASH', 'AT', 'BY', 'WHY'], rows.map(rowOf), terminal.paint);
        const talk = rows.length === limit && last > 1 ? [`more: andon plan history --before ${last}`] : [];
        return { data: rows, lines, talk };
      }),
    );
}

const rowOf = (row: Revision): string[] => [
  String(row.revision),
  row.hash.slice(0, 12),
  dateWords(row.at),
  row.appliedBy ?? '-',
  whyOf(row),
];

function whyOf({ reason, trigger, reverts, added }: Revision): string {
  const parts = [
    ...(trigger === null ? [] : [`trigger ${trigger} added ${added.join(', ')}`]),
    ...(reverts === null ? [] : [`back to ${reverts}`]),
    ...(reason === null ? [] : [reason]),
  ];
  return parts.length === 0 ? '-' : parts.join('; ');
}

/** The command `andon plan revert`. */
export function revertCommand(world: World): Command {
  return leaf(
    'revert',
    'apply an earlier plan again',
    'applies the text of an earlier plan again, by the rules of andon plan apply',
  )
    .argument('<plan>', 'its number, or the beginning of its hash; see andon plan history')
    .requiredOption('--reason <text>', 'why, which is kept with the plan')
    .action(
      act<{ reason: string }, [string]>(world, async ({ link, options }, to) => {
        const { client, project } = await link();
        const answer = await client.plan.revert.mutate({ project, to, reason: options.reason });
        return { data: answer, lines: diffLines(answer), talk: [answer.applied ? 'applied' : 'unchanged'] };
      }),
    );
}

/** True for an argument that names an applied plan; a file of that name is meant by the file's name alone. */
export const namesRevision = (argument: string | undefined, { cwd }: World): boolean =>
  argument !== undefined &&
  /^(\d{1,10}|[0-9a-f]{6,64})$/.test(argument) &&
  !existsSync(resolve(cwd, argument));

/** Prints one applied plan. */
export async function showRevision({ link }: Run<object>, revision: string) {
  const { client, project } = await link();
  const kept = await client.plan.revision.query({ project, revision });
  const lines = printableText(await readable(kept.text))
    .trimEnd()
    .split('\n');
  const { added } = kept;
  const head = `plan ${kept.revision}, ${kept.hash.slice(0, 12)}, ${dateWords(kept.at)}, by ${kept.appliedBy ?? 'unknown'}: ${whyOf(kept)}`;
  const more = Object.keys(kept.tasks);
  const beside = more.length === 0 ? [] : [`tasks that triggers had added: ${more.join(', ')}`];
  return { data: { ...kept, added }, lines, talk: [head, ...beside].map(printable) };
}

/** A text that a person wrote, as it is; one that the database put together, as YAML. */
async function readable(text: string): Promise<string> {
  if (!text.startsWith('{')) return text;
  const { parse, stringify } = await import('yaml');
  return stringify(parse(text));
}

/** Compares two applied plans. */
export async function diffRevisions({ link }: Run<object>, from: string, to: string | undefined) {
  const { client, project } = await link();
  const asked = { project, from, ...(to !== undefined && { to }) };
  const answer = await client.plan.compare.query(asked);
  return { data: answer, lines: diffLines(answer), talk: [`from ${answer.from} to ${answer.to}`] };
}
