import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { type Answer, act, durationSeconds, leaf, type Run } from '../command.ts';
import { dateWords } from '../dates.ts';
import { type OpenOptions, openPage, sessionProject } from '../open/open.ts';
import { short, table } from '../table.ts';
import type { World } from '../world.ts';

interface AllOpenOptions extends OpenOptions {
  readonly list?: boolean;
  readonly end?: string;
  readonly endAll?: boolean;
}

const about = `opens the page of the gateway in your browser, under your own grant.
Where no browser is at hand it prints an address and a code; either works once, within a minute.`;

/** The command `andon open`. */
export function openCommand(world: World): Command {
  return leaf('open', 'open the page in your browser', about)
    .option('--read-only', 'a session that only looks, and may pull the cord')
    .option('--for <duration>', 'how long the session lasts, at most 12h (the default)', durationSeconds)
    .option('--origin <url>', 'the address in the browser, such as the near end of an SSH tunnel')
    .option('--no-browser', 'start no browser; print the address')
    .option('--list', 'list the sessions')
    .option('--end <id>', 'end a session')
    .option('--end-all', 'end all sessions of your grant')
    .action(act<AllOpenOptions>(world, open));
}

function open(run: Run<AllOpenOptions>): Promise<Answer> {
  if (run.options.list === true) return listSessions(run);
  if (run.options.end !== undefined || run.options.endAll === true) return endSessions(run);
  return openPage(run);
}

const head = ['id', 'who', 'at', 'may', 'opened', 'ends'];

async function listSessions({ link, terminal }: Run<AllOpenOptions>): Promise<Answer> {
  const gateway = await link();
  const data = await gateway.client.page.sessions.query({ project: await sessionProject(gateway) });
  const rows = data.map((one) => [
    short(one.id),
    one.agent,
    one.origin,
    one.readOnly ? 'looks' : 'acts',
    dateWords(one.createdAt),
    one.endedAt === null ? `until ${dateWords(one.expiresAt)}` : `ended ${dateWords(one.endedAt)}`,
  ]);
  return { data, lines: rows.length === 0 ? ['no sessions'] : table(head, rows, terminal.paint) };
}

async function endSessions({ link, options }: Run<AllOpenOptions>): Promise<Answer> {
  const gateway = await link();
  const project = await sessionProject(gateway);
  const data = await gateway.client.page.end.mutate({
    project,
    ...defined({ id: options.end }),
    why: 'ended by andon open',
  });
  return {
    data,
    lines: data.ended.length === 0 ? ['no sessions'] : data.ended.map((one) => `${short(one)} ended`),
  };
}
