import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AndonError, fail } from '../../lib/errors.ts';

/** How much clients may hold at once. */
export interface Caps {
  readonly clientsMax: number;
  readonly streamsMax: number;
}

const headersMax = 100;
/** Connections beyond the cap that are still answered; what comes on top is dropped by the kernel's side of the server. */
const answeredOver = 256;

/** Bounds the connections of a server. Answers why a request is refused, or undefined. */
export function capConnections(
  server: Server,
  { clientsMax }: Caps,
): (req: IncomingMessage) => AndonError | undefined {
  let open = 0;
  server.maxConnections = clientsMax + answeredOver;
  // All of them are counted in the handler; Node would leave out what is over without a word.
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

/** Streams that are open, by principal. Half of all that a gateway has is the most for one. */
export class Streams {
  readonly #max: number;
  readonly #open = new Map<string, number>();
  #count = 0;

  constructor({ streamsMax }: Caps) {
    this.#max = streamsMax;
  }

  /** Counts a stream until its answer closes; answers why it is one too many, or undefined. */
  add(principal: string, res: ServerResponse): AndonError | undefined {
    const own = this.#open.get(principal) ?? 0;
    const ownMax = Math.max(1, Math.floor(this.#max / 2));
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
