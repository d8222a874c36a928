import type { ChainedEvent } from '../../store/log/chain.ts';
import type { GatewayLink } from '../connect.ts';
import { eventLine } from '../event/words.ts';
import { follow, untilInterrupted } from '../follow.ts';
import type { Terminal } from '../terminal.ts';
import { look, statusLines } from './look.ts';

const eventsShown = 8;

/** Draws the status, and again after events of the stream; many events at once are one drawing. */
export async function watch(link: GatewayLink, terminal: Terminal): Promise<void> {
  const end = untilInterrupted();
  const recent: ChainedEvent[] = [];
  const first = await look(link);
  draw(first, recent, terminal);
  try {
    const events = follow(link, { project: link.project, after: first.position, signal: end.signal });
    for await (const batch of batches(events)) {
      recent.push(...batch);
      recent.splice(0, recent.length - eventsShown);
      draw(await look(link), recent, terminal);
    }
  } finally {
    end.release();
  }
}

function draw(
  seen: Awaited<ReturnType<typeof look>>,
  recent: readonly ChainedEvent[],
  terminal: Terminal,
): void {
  if (terminal.json) {
    terminal.data(JSON.stringify(seen));
    return;
  }
  // Home and clear on a terminal; a pipe gets one drawing after the other.
  const clear = terminal.isTty ? '\u001b[H\u001b[2J' : '';
  const lines = [
    ...statusLines(seen, terminal.paint),
    '',
    ...recent.map((event) => eventLine(event, terminal.paint)),
  ];
  terminal.data(`${clear}${lines.join('\n')}`);
}

/** Joins waiting events to one batch, so that events which arrive during a drawing are drawn once. */
async function* batches<T>(source: AsyncGenerator<T>): AsyncGenerator<T[]> {
  const ready: T[] = [];
  let ended = false;
  let fault: { error: unknown } | undefined;
  let wake: () => void = () => undefined;
  const pump = async (): Promise<void> => {
    try {
      for await (const one of source) {
        ready.push(one);
        wake();
      }
    } catch (error) {
      fault = { error };
    }
    ended = true;
    wake();
  };
  void pump();
  for (;;) {
    if (ready.length > 0) yield ready.splice(0);
    else if (fault !== undefined) throw fault.error;
    else if (ended) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
