import { type Reason, reason } from '../../lib/decision.ts';

const loopbackName = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost|[a-z0-9-]+\.localhost)$/;

/** The origin of a URL as browsers send it, or undefined for a text that is none. */
function originOf(url: string): string | undefined {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  return new URL(url).origin;
}

/** Reasons against a page at an origin: browsers sign and tell their origin only over TLS, or on this machine. */
export function originReasons(origin: string): Reason[] {
  const own = originOf(origin);
  if (own === undefined || own !== origin)
    return [
      reason('page.origin', origin.slice(0, 200), {
        found: own ?? 'no origin',
        limit: 'http(s)://host:port',
      }),
    ];
  const { protocol, hostname } = new URL(origin);
  if (protocol === 'https:' || loopbackName.test(hostname)) return [];
  return [
    reason('page.origin', origin, { found: 'plain http off this machine', limit: 'https, or loopback' }),
  ];
}

/** Host and port of an origin as a Host header has them. */
export const hostOf = (origin: string): string => new URL(origin).host;
