import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { type EventType, eventTypes } from '../../store/log/events.ts';
import { act, leaf, many, type Run, wholeNumber } from '../command.ts';
import type { World } from '../world.ts';
import { eventLine } from './words.ts';

/** Options of `andon event list`. */
export interface EventListInput {
  readonly after?: number;
  readonly before?: number;
  readonly limit?: number;
  readonly type?: string[];
  readonly subject?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
}

const about = `lists the latest events, the newest last; with --after those that follow a position.
A time is a date in UTC (2030-01-31, "2030-01-31 12:00:00Z") or an age (2h).`;

/** The command `andon event list`. */
export const listCommand = (world: World): Command =>
  leaf('list', 'list the latest events, the newest last', about)
    .addOption(many('--type <type>', 'only events of this type (may be repeated)'))
    .option('--subject <subject>', 'only events on this, such as task/cart or change/chg_1a2b3c4d')
    .option('--actor <actor>', 'only events of this actor, such as agent:builder-1 or gateway')
    .option('--since <time>', 'only events from this time on')
    .option('--until <time>', 'only events before this time')
    .option('--after <position>', 'page forward from this position', wholeNumber(0, 1e12))
    .option('--before <position>', 'only events before this position', wholeNumber(1, 1e12))
    .option('--limit <n>', 'most rows to show', wholeNumber(1, 1000))
    .action(act<EventListInput>(world, list));

async function list({ link, options, terminal }: Run<EventListInput>) {
  const { client, project } = await link();
  const { type, limit = 100, ...filters } = options;
  const { after, before, subject, actor, since, until } = filters;
  const asked = defined({ after, before, subject, actor, since, until, types: type?.map(asType) });
  const data = await client.event.list.query({ project, limit, ...asked });
  const lines = data.events.map((event) => eventLine(event, terminal.paint));
  return { data, lines, talk: data.events.length < limit ? [] : [moreWords(data, after)] };
}

type EventPage = { readonly events: readonly { readonly position: number }[]; readonly latest: number };

function moreWords({ events, latest }: EventPage, after: number | undefined): string {
  const [first, last] = [events.at(0)?.position, events.at(-1)?.position];
  return after === undefined ? `earlier: --before ${first}` : `more: --after ${last} (latest ${latest})`;
}

/** The type of that name. Errors: `cli.usage`. */
export function asType(text: string): EventType {
  const found = eventTypes.find((type) => type === text);
  if (found === undefined) throw fail('cli.usage', '--type', { found: text, limit: eventTypes.join(', ') });
  return found;
}
