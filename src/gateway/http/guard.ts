import type { IncomingMessage } from 'node:http';
import { type Reason, reason } from '../../lib/decision.ts';

/** Names of a gateway for the checks of Host and Origin. */
export interface HostPolicy {
  /** Names, with or without port, under which this gateway is known beside loopback. */
  readonly hosts: readonly string[];
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Requires Host and Origin to name this gateway: otherwise a page that rebinds its name to loopback speaks to
 * the gateway as the user. A request without Origin comes from no page and passes.
 */
export function hostReason(req: IncomingMessage, { hosts }: HostPolicy): Reason | undefined {
  const { host, origin } = req.headers;
  if (host === undefined || !isKnown(host, hosts))
    return reason('request.host', 'Host', { found: host ?? 'none' });
  // Node keeps the first Host header; a proxy in front of the gateway may have used another one.
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
 * True for a page of this gateway itself: of the very host and port that the request names, or of a name of
 * the gateway, at that port or the usual one. A page at another port of the same machine belongs to another
 * program.
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
