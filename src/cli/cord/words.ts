import { spanWords } from '../../lib/durations.ts';
import type { GatewayLink } from '../connect.ts';
import { printable } from '../printable.ts';
import { short } from '../table.ts';
import type { Paint } from '../terminal.ts';

/** A stop as the gateway shows it. */
export type StopShown = Awaited<
  ReturnType<GatewayLink['client']['cord']['status']['query']>
>['stops'][number];

/** Open stops, three lines for each: scope and time, reason, and who may clear it. */
export function stopLines(stops: readonly StopShown[], paint: Paint): string[] {
  return stops.flatMap((stop) => {
    const tone = stop.colour === 'red' ? 'bad' : 'warn';
    const where = stop.project === '*' ? 'every project' : stop.scope;
    const times = stop.count > 1 ? `, pulled ${stop.count} times` : '';
    const since = spanWords(Date.now() - Date.parse(stop.at));
    return [
      `${paint(tone, `${stop.colour.toUpperCase()} stop`)} ${short(stop.id)} on ${where}, ${since}, by ${printable(stop.pulledBy)}${times}`,
      `  why: ${printable(stop.why)}`,
      `  cleared by ${printable(stop.clears)}: ${clearCommand(stop.id, stop.colour)}`,
    ];
  });
}

/** The command that clears a stop. */
export const clearCommand = (stop: string, colour: string): string =>
  colour === 'red'
    ? `andon cord clear ${short(stop)} --root-cause file.yaml`
    : `andon cord clear ${short(stop)} --why …`;
