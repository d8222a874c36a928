import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AndonError, fail } from '../../lib/errors.ts';

/** Limits on the connections and streams of clients. */
export interface Caps {
  readonly clientsMax: number;
  readonly streamsMax: number;
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

/** Open streams of events, by principal. One principal may hold half of all that a gateway allows. */
export class Streams {
  readonly #max: number;
  readonly #open = new Map<string, number>();
  #count = 0;

  constructor({ streamsMax }: Caps) {
    this.#max = streamsMax;
  }

  /** Counts a stream until its answer closes, under a principal or a session; answers the error for a stream over the limit, or undefined. */
  add(
    principal: string,
    res: ServerResponse,
    ownMax = Math.max(1, Math.floor(this.#max / 2)),
  ): AndonError | undefined {
    const own = this.#open.get(principal) ?? 0;
    if (own >= ownMax) return fail('request.streams', principal, { found: own, limit: ownMax });
    if (this.#count >= this.#max)
      return fail('request.streams', 'gateway', { found: this.#count, limit: this.#max });
    this.#open.set(principal, own + 1);
    this.#count += 1;
    res.once('close', () => this.#end(principal));
    return undefined;
  }

  #end(principal: string): void {
    const left = (this.#open.get(principal) ?? 1) - 1;
    if (left === 0) this.#open.delete(principal);
    else this.#open.set(principal, left);
    this.#count -= 1;
  }
}
