import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The fate of a request at the relay: forwarded, answered with a status, or its connection broken. */
export type Fate = 'pass' | 'cut' | number;

/** Stands between a run and its gateway, so that a test can take the gateway away. */
export interface Relay {
  readonly url: string;
  /** Decides by path; at first every request passes. */
  fate: (path: string, headers: IncomingMessage['headers']) => Fate;
  close(): Promise<void>;
}

export async function startRelay(target: string): Promise<Relay> {
  const relay: { fate: Relay['fate'] } = { fate: () => 'pass' };
  const server = createServer((req, res) => {
    const fate = relay.fate(req.url ?? '', req.headers);
    if (fate === 'cut') req.socket.destroy();
    else if (fate === 'pass') onward(target, req, res);
    else res.writeHead(fate, { 'content-type': 'text/plain' }).end('broken');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return Object.assign(relay, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  });
}

function onward(target: string, req: IncomingMessage, res: ServerResponse): void {
  const { host: _own, ...headers } = req.headers;
  const out = request(`${target}${req.url}`, { method: req.method, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  });
  out.on('error', () => res.destroy());
  res.once('close', () => out.destroy());
  req.pipe(out);
}
