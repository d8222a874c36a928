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
  if (origin === undefined) return undefined;
  const named = originHost(origin);
  return named !== undefined && isKnown(named, hosts)
    ? undefined
    : reason('request.host', 'Origin', { found: origin });
}

function isKnown(host: string, hosts: readonly string[]): boolean {
  const lower = host.toLowerCase();
  const bare = lower.replace(/:\d+$/, '');
  return loopback.has(bare) || hosts.some((known) => known === lower || known === bare);
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
