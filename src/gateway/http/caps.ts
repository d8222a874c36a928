import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AndonError, fail } from '../../lib/errors.ts';

/** Limits on the connections and streams of clients. */
export interface Caps {
  readonly clientsMax: number;
  readonly streamsMax: number;
  readonly pageStreamsMax: number;
}

const headersMax = 100;
/** Connections beyond the cap that are still answered; Node drops connections above both without an answer. */
const answeredOver = 256;

/**
 * Bounds the connections of a server. Returns a function that answers the reason for refusing a request, or
 * undefined.
 */
export function capConnections(
  server: Server,
  { clientsMax }: Caps,
): (req: IncomingMessage) => AndonError | undefined {
  let open = 0;
  server.maxConnections = clientsMax + answeredOver;
  // The handler counts every header; Node would leave out headers over its limit without a word.
  server.maxHeadersCount = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
  });
  return ({ rawHeaders }) => {
    const headers = rawHeaders.length / 2;
    if (headers > headersMax)
      return fail('request.headers', 'headers', { found: headers, limit: headersMax });
    if (open > clientsMax)
      return fail('request.connections', 'connections', { found: open, limit: clientsMax });
    return undefined;
  };
}

/** Streams of one session of a page: one serves all tabs of a browser. */
const sessionStreamsMax = 8;

interface Bound {
  /** The holder, a principal or a session, and what it may have at most. */
  readonly holder: string;
  readonly ownMax: number;
  /** The group that the holder belongs to, and what all of the group may have at most. */
  readonly group: 'all' | 'pages';
  readonly groupMax: number;
}

/** Open streams of events. One principal may hold half of all that a gateway allows, a session of a page eight. */
export class Streams {
  readonly #caps: Caps;
  readonly #open = new Map<string, number>();

  constructor(caps: Caps) {
    this.#caps = caps;
  }

  /** Counts a stream of a principal until its answer closes; answers the error for a stream over a limit, or undefined. */
  add(principal: string, res: ServerResponse): AndonError | undefined {
    const { streamsMax } = this.#caps;
    const ownMax = Math.max(1, Math.floor(streamsMax / 2));
    return this.#count({ holder: principal, ownMax, group: 'all', groupMax: streamsMax }, res);
  }

  /** The same for the session of a page. */
  addOfPage(session: string, res: ServerResponse): AndonError | undefined {
    const groupMax = Math.min(this.#caps.pageStreamsMax, this.#caps.streamsMax);
    return this.#count({ holder: session, ownMax: sessionStreamsMax, group: 'pages', groupMax }, res);
  }

  #count({ holder, ownMax, group, groupMax }: Bound, res: ServerResponse): AndonError | undefined {
    const own = this.#of(`one ${holder}`);
    if (own >= ownMax) return fail('request.streams', holder, { found: own, limit: ownMax });
    const full = [[group, groupMax] as const, ['all', this.#caps.streamsMax] as const].find(
      ([name, max]) => this.#of(name) >= max,
    );
    if (full !== undefined) {
      const [name, limit] = full;
      const subject = name === 'pages' ? 'browsers of the gateway' : 'gateway';
      return fail('gateway.streams', subject, { found: this.#of(name), limit });
    }
    const counted = new Set([`one ${holder}`, group, 'all']);
    for (const name of counted) this.#open.set(name, this.#of(name) + 1);
    res.once('close', () => {
      for (const name of counted) this.#end(name);
    });
    return undefined;
  }

  #of(name: string): number {
    return this.#open.get(name) ?? 0;
  }

  #end(name: string): void {
    const left = this.#of(name) - 1;
    if (left <= 0) this.#open.delete(name);
    else this.#open.set(name, left);
  }
}
