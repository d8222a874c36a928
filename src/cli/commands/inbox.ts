import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { act, leaf, type Run, wholeNumber } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { printable, printableText } from '../printable.ts';
import { short } from '../table.ts';
import type { Paint } from '../terminal.ts';
import type { World } from '../world.ts';

interface InboxOptions {
  readonly all?: boolean;
  readonly read?: boolean;
  readonly limit?: number;
}

type InboxMessage = Awaited<ReturnType<GatewayLink['client']['message']['list']['query']>>[number];

/** The command `andon inbox`. */
export function inboxCommand(world: World): Command {
  return leaf(
    'inbox',
    'read the messages to you and to your tier',
    'shows the unread messages to you and to your tier, the newest first',
  )
    .option('--all', 'include messages that were read before')
    .option('--read', 'mark the shown messages as read')
    .option('--limit <n>', 'most rows to show', wholeNumber(1, 500))
    .action(act<InboxOptions>(world, inbox));
}

async function inbox({ link, options, terminal }: Run<InboxOptions>) {
  const { client, project } = await link();
  const limit = defined({ limit: options.limit });
  const data = await client.message.list.query({ project, all: options.all === true, ...limit });
  const unread = data.filter(({ readAt }) => readAt === null).map(({ id }) => id);
  if (options.read === true && unread.length > 0)
    await client.message.read.mutate({ project, messages: unread });
  const lines = data.flatMap((one) => messageLines(one, terminal.paint));
  return { data, lines: lines.length === 0 ? ['no messages'] : lines };
}

function messageLines({ id, at, kind, recipient, title, body }: InboxMessage, paint: Paint): string[] {
  const head = `${short(id)}  ${dateWords(at)}  ${kind} to ${printable(recipient)}`;
  const text = printableText(body).split('\n');
  return [head, `  ${paint('strong', printable(title))}`, ...text.map((line) => `  ${line}`)];
}
