import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AndonError, fail } from '../../lib/errors.ts';
import { jsonOf } from '../../lib/json.ts';
import { createRate } from '../proof/endpoint.ts';
import { noncePattern, type PageProof, type Prover } from '../proof/proof.ts';
import type { Gateway } from '../services.ts';
import { leaveSession } from './end-sessions.ts';
import { openSession, type SessionRow, typedCode } from './open-session.ts';
import { cookieName, hashOf, type PageSessions } from './sessions.ts';
import type { OpenedSession } from './shapes.ts';
import { isPageKey } from './signature.ts';

const perSecondMax = 200;
const part = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const openInput = z.strictObject({
  code: z.string().regex(/^(?:[0-9a-hjkmnp-tv-z]{26}|[0-9a-hjkmnp-tv-z]{12})$/),
  publicKey: z.strictObject({ x: part, y: part }),
});
const wholeCode = 26;

/** The parts of a gateway that its sessions are opened and proved with. */
export interface PageEndpointOptions {
  readonly gateway: Gateway;
  readonly sessions: PageSessions;
  readonly prover: Prover;
  /** True where browsers reach this gateway over TLS, that of a proxy too. */
  readonly isTls: boolean;
}

/** An answer of the endpoint, with the cookie of a session that was opened. */
export interface PageAnswer {
  readonly body: unknown;
  readonly cookie?: string;
}

/** Answers `/session`, and `prove`, `seen` and `end` below it. Errors: AndonError with the reason. */
export function createPageEndpoint({ gateway, sessions, prover, isTls }: PageEndpointOptions) {
  const isOverRate = createRate(perSecondMax, () => performance.now());

  const open = async (req: IncomingMessage, text: string): Promise<PageAnswer> => {
    const origin = requiredOrigin(req);
    const parsed = openInput.safeParse(jsonOf(text));
    if (!parsed.success || !isPageKey(parsed.data.publicKey))
      throw fail('request.invalid', 'session', { limit: '{ code, publicKey: { x, y } } of P-256' });
    const { code, publicKey } = parsed.data;
    const hash = hashOf(code);
    const codeHash = code.length === wholeCode ? hash : await typedCode(gateway, hash);
    const cookie = randomBytes(32).toString('base64url');
    const row = await openSession(gateway, { cookieHash: hashOf(cookie), origin, publicKey }, codeHash);
    return { body: openedOf(row), cookie: cookieOf(row, cookie, gateway.nowSeconds()) };
  };

  const prove = async (req: IncomingMessage, nonce: string): Promise<PageProof> => {
    if (!noncePattern.test(nonce)) throw fail('request.invalid', 'nonce', { limit: '22 to 64 characters' });
    if (isOverRate()) throw fail('request.rate', 'proofs', { found: `over ${perSecondMax} a second` });
    return prover.provePage(
      nonce,
      await provenOrigin(req, sessions, isTls),
      Math.floor(gateway.nowSeconds()),
    );
  };

  return async (req: IncomingMessage, path: string, search: string, body: string): Promise<PageAnswer> => {
    if (path === '/session/prove')
      return { body: await prove(req, new URLSearchParams(search).get('nonce') ?? '') };
    if (req.method !== 'POST') throw fail('request.method', req.method ?? '');
    if (path === '/session') return open(req, body);
    const session = await sessions.identify(req, body);
    const ended = gateway.tokens.revoked(session.holder);
    if (ended !== undefined) throw new AndonError([ended]);
    if (path === '/session/end') await leaveSession(gateway, session.row);
    else await sessions.seen(session);
    return { body: openedOf(session.row) };
  };
}

/** The origin of a page that asks for a session: its own page alone asks, so both headers tell the same. */
function requiredOrigin({ headers }: IncomingMessage): string {
  const { origin = '', host = '' } = headers;
  const isOwn = headers['sec-fetch-site'] === 'same-origin';
  if (!isOwn || !URL.canParse(origin) || new URL(origin).host !== host.toLowerCase())
    throw fail('page.session', 'Origin', { found: origin || 'none', limit: host });
  return origin;
}

/** The origin that a proof is for: an address of this gateway, or the end of the tunnel of a session. */
async function provenOrigin(req: IncomingMessage, sessions: PageSessions, isTls: boolean): Promise<string> {
  const own = `${isTls ? 'https' : 'http'}://${(req.headers.host ?? '').toLowerCase()}`;
  if (URL.canParse(own) && sessions.isOwn(req, own)) return new URL(own).origin;
  if (await sessions.isAwaited(own)) return own;
  return (await sessions.ofCookie(req)).row.origin;
}

const openedOf = ({ id, agent, project, readOnly, expiresAt }: SessionRow): OpenedSession => ({
  ...{ session: id, agent, project, readOnly },
  expiresAt: expiresAt.toISOString(),
});

function cookieOf(row: SessionRow, value: string, nowSeconds: number): string {
  const life = Math.max(1, Math.floor(row.expiresAt.getTime() / 1000 - nowSeconds));
  const secure = row.origin.startsWith('https:') ? '; Secure' : '';
  return `${cookieName(row.origin)}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${life}${secure}`;
}
