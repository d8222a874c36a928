import type { IncomingMessage } from 'node:http';
import { type Reason, reason } from '../../lib/decision.ts';

export interface HostPolicy {
  /** Names, with or without port, under which this gateway is known beside loopback. */
  readonly hosts: readonly string[];
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Host and Origin must name this gateway: a page that rebinds its name to loopback otherwise speaks to it as the user.
 * A request without Origin comes from no page and is fine.
 */
export function hostReason(req: IncomingMessage, { hosts }: HostPolicy): Reason | undefined {
  const { host, origin } = req.headers;
  if (host === undefined || !isKnown(host, hosts))
    return reason('request.host', 'Host', { found: host ?? 'none' });
  // Node keeps the first; what stands before the gateway may have gone by another one.
  const given = countOf(req, 'host');
  if (given > 1) return reason('request.host', 'Host', { found: `${given} of them`, limit: 1 });
  if (origin === undefined) return undefined;
  const named = originHost(origin);
  return named !== undefined && isOwnOrigin(named, host, hosts)
    ? undefined
    : reason('request.host', 'Origin', { found: origin });
}

const countOf = ({ rawHeaders }: IncomingMessage, name: string): number =>
  rawHeaders.filter((one, at) => at % 2 === 0 && one.toLowerCase() === name).length;

/**
 * A page of this gateway itself: of the very host and port that the request names, or of a name that the gateway is known
 * by, at that port or the usual one. A page at another port of the same machine is somebody else's.
 */
function isOwnOrigin(origin: string, host: string, hosts: readonly string[]): boolean {
  const own = host.toLowerCase();
  if (origin === own) return true;
  const [bare, port] = apart(origin);
  if (loopback.has(bare)) return port !== '' && hosts.includes(origin);
  return hosts.some(
    (known) => known === origin || (known === bare && (port === '' || port === apart(own)[1])),
  );
}

function apart(host: string): [string, string] {
  const [, port = ''] = /:(\d+)$/.exec(host) ?? [];
  return [host.replace(/:\d+$/, ''), port];
}

function isKnown(host: string, hosts: readonly string[]): boolean {
  const lower = host.toLowerCase();
  const bare = lower.replace(/:\d+$/, '');
  return loopback.has(bare) || hosts.some((known) => known === lower || known === bare);
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return undefined;
  }
}
