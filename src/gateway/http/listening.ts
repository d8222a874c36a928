import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fail } from '../../lib/errors.ts';
import { portOwner } from './port-owner.ts';

/** The address that a gateway listens on, and its names. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly hosts: readonly string[];
  readonly tls: object | undefined;
}

/** Takes no more connections, and waits for running requests; those of a stream are cut off after a while. */
export async function closeServer(server: Server): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), 5_000);
  await ended;
  clearTimeout(force);
}

/**
 * Listens. Rejects with `gateway.port` when another program has the port, and names that program when the
 * system tells.
 */
export async function listen(server: Server, { host, port }: Address): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const found = (await portOwner(port)) ?? 'a program that the system does not name';
    throw fail('gateway.port', `${host}:${port}`, { found }, error);
  }
}

const anyAddress = /^(0\.0\.0\.0|::)$/;

/**
 * Names of the gateway: the address that was chosen to listen on, unless it is "any address", and the
 * configured ones.
 */
export const hostsOf = ({ host, hosts }: Address): readonly string[] =>
  anyAddress.test(host) ? hosts : [...hosts, hostInUrl(host)];

const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/**
 * The URL of the gateway. When it listens on any address, the URL has its first name, which a certificate is
 * for, or loopback.
 */
export function urlOf(server: Server, { host, hosts, tls }: Address): string {
  const { address, port } = server.address() as AddressInfo;
  const any = tls === undefined ? '127.0.0.1' : (hosts[0]?.replace(/:\d+$/, '') ?? '127.0.0.1');
  // `localhost` names several addresses, and the server listens on one of them.
  const own = host === 'localhost' ? address : host;
  const name = anyAddress.test(host) ? any : hostInUrl(own);
  return `${tls === undefined ? 'http' : 'https'}://${name}:${port}`;
}
