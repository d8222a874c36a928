import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fail } from '../../lib/errors.ts';

/** Where a gateway listens, and what it is called there. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly hosts: readonly string[];
  readonly tls: object | undefined;
}

/** Takes no more connections, and waits for the requests that run; those of a stream are cut off after a while. */
export async function closeServer(server: Server): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), 5_000);
  await ended;
  clearTimeout(force);
}

/** Listens. Rejects with `gateway.port` when another program does already. */
export function listen(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? fail('gateway.port', `${host}:${port}`, {}, error) : error),
    );
    server.listen(port, host, resolve);
  });
}

const anyAddress = /^(0\.0\.0\.0|::)$/;

/** An address that was chosen to listen on is a name of this gateway; "any address" is none. */
export const hostsOf = ({ host, hosts }: Address): readonly string[] =>
  anyAddress.test(host) ? hosts : [...hosts, hostInUrl(host)];

const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Where it can be reached. Listening on any address it goes by its first name, which a certificate is for, or loopback. */
export function urlOf(server: Server, { host, hosts, tls }: Address): string {
  const { port } = server.address() as AddressInfo;
  const any = tls === undefined ? '127.0.0.1' : (hosts[0]?.replace(/:\d+$/, '') ?? '127.0.0.1');
  const name = anyAddress.test(host) ? any : hostInUrl(host);
  return `${tls === undefined ? 'http' : 'https'}://${name}:${port}`;
}
