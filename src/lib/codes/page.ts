import { row } from '../code-row.ts';

/** Codes of the page and of its sessions. */
export const pageCodes = {
  'page.code': row(
    401,
    'refused',
    'a code opens one session, within a minute, at the origin that it was made for',
    'run andon open again',
  ),
  'page.session': row(
    401,
    'refused',
    'a page shows the cookie of its session, and signs each call by its key',
    'run andon open',
  ),
  'page.origin': row(
    400,
    'usage',
    'the page is used on the machine of the gateway, or over TLS',
    'open it over an SSH tunnel: ssh -L 8080:127.0.0.1:<port> <host>, then andon open --origin http://localhost:8080; or start andon up with --tls-cert and --tls-key',
  ),
  'page.idle': row(401, 'refused', 'a session ends an hour after its page was seen last', 'run andon open'),
  'page.missing': row(404, 'notFound', 'the session is known to the gateway', 'andon open --list'),
} as const;
