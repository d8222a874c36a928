import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eq } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import { type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { statement } from '../../store/store.ts';
import type { VerifiedToken } from '../../tiers/capability.ts';
import { provenAuthorities } from '../proof/endpoint.ts';
import type { Gateway } from '../services.ts';
import type { SessionRow } from './open-session.ts';
import { hostOf } from './origin.ts';
import { pageSessions } from './schema.ts';
import { holderOf } from './session-claims.ts';
import { isSigned, type PageSignature, parseSignature, SeenNonces, signedSecondsMax } from './signature.ts';

const idleMs = 60 * 60_000;
const rememberedMax = 1_000;

/** A session with the holder that admission judges. */
export interface LiveSession {
  readonly row: SessionRow;
  readonly holder: VerifiedToken;
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** The name of the cookie: of the port, since browsers share cookies between ports; under TLS no other host may set it. */
export function cookieName(origin: string): string {
  const { protocol, port } = new URL(origin);
  return protocol === 'https:' ? `__Host-andon_${port || 443}` : `andon_${port || 80}`;
}

const cookiePattern = /^(?:__Host-)?andon_\d{1,5}$/;

/** The cookies of sessions that a request carries, by name. */
function cookiesOf(header: string | undefined): Map<string, string> {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim().split('=', 2));
  return new Map(
    pairs.flatMap(([name = '', value = '']) => (cookiePattern.test(name) ? [[name, value]] : [])),
  );
}

/** True for a request that may only be judged as that of a page: it has a signature or a cookie, and no token. */
export const isOfPage = ({ headers }: IncomingMessage): boolean =>
  headers.authorization === undefined &&
  (headers['andon-page'] !== undefined || cookiesOf(headers.cookie).size > 0);

const refused = (subject: string, found: string, limit?: string): AndonError =>
  new AndonError([reason('page.session', subject, limit === undefined ? { found } : { found, limit })]);

const awaited = statement(
  'pages.awaited',
  'select 1 from page_codes where origin = $1 and tunnel and used_at is null and expires_at > andon_now() limit 1',
);
const touch = statement(
  'pages.touch',
  'update page_sessions set seen_at = andon_now() where id = $1 returning seen_at as "seenAt"',
);

/** The sessions of pages: finds that of a request, and refuses a request that lacks a half of it. */
export class PageSessions {
  readonly #gateway: Gateway;
  readonly #hosts: readonly string[];
  readonly #nonces = new SeenNonces();
  readonly #known = new LRUCache<string, LiveSession>({ max: rememberedMax });
  /** Calls that were signed before are refused: the nonces of the process before this one are forgotten. */
  readonly #sinceSeconds: number;

  constructor(gateway: Gateway, hosts: readonly string[]) {
    this.#gateway = gateway;
    this.#hosts = hosts;
    this.#sinceSeconds = Math.floor(gateway.nowSeconds());
  }

  /** True when the Host of a request is the place of the session's origin: this gateway, or the end of its tunnel. */
  #isHere(req: IncomingMessage, { origin, tunnel }: Pick<SessionRow, 'origin' | 'tunnel'>): boolean {
    const host = (req.headers.host ?? '').toLowerCase();
    return host === hostOf(origin) && (tunnel || this.isOwn(req, origin));
  }

  /** True for an origin that this gateway itself listens at. */
  isOwn(req: IncomingMessage, origin: string): boolean {
    const { hostname, port, protocol } = new URL(origin);
    const authority = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
    return provenAuthorities(req.socket.address() as AddressInfo, this.#hosts).includes(authority);
  }

  /** True for the end of a tunnel at which a code waits to be used: its page asks for a proof before it has a cookie. */
  async isAwaited(origin: string): Promise<boolean> {
    return (await this.#gateway.store.rows(awaited, [origin])).length > 0;
  }

  /** The session whose cookie a request carries. Errors: `page.session`. */
  async ofCookie(req: IncomingMessage): Promise<LiveSession> {
    for (const [name, value] of cookiesOf(req.headers.cookie)) {
      const session = await this.#find(hashOf(value));
      if (session === undefined || cookieName(session.row.origin) !== name) continue;
      if (this.#isHere(req, session.row)) return session;
    }
    throw refused('cookie', 'no cookie of a session of this place');
  }

  async #find(hash: string): Promise<LiveSession | undefined> {
    const known = this.#known.get(hash);
    if (known !== undefined) return known;
    const [row] = await this.#gateway.store.orm
      .select()
      .from(pageSessions)
      .where(eq(pageSessions.cookie, hash));
    if (row === undefined || !timingSafeEqual(Buffer.from(row.cookie), Buffer.from(hash))) return undefined;
    const session = { row, holder: holderOf(row) };
    this.#known.set(hash, session);
    return session;
  }

  /**
   * The holder of a signed call: origin, cookie, signature, time and nonce have to fit. Its grant is judged by
   * admission, as any other. Errors: `page.session`, `page.idle`.
   */
  async identify(req: IncomingMessage, body: string): Promise<LiveSession> {
    const session = await this.ofCookie(req);
    const against = this.#originReason(req, session.row) ?? this.#signatureReason(req, body, session.row);
    if (against !== undefined) throw new AndonError([against]);
    const idle = this.#gateway.nowSeconds() * 1000 - session.row.seenAt.getTime();
    if (idle > idleMs) await this.#stillSeen(session);
    return session;
  }

  /** Another gateway may have seen the page since this one read the row. */
  async #stillSeen({ row }: LiveSession): Promise<void> {
    this.#known.delete(row.cookie);
    const fresh = await this.#find(row.cookie);
    const seenAtMs = fresh?.row.seenAt.getTime() ?? 0;
    if (this.#gateway.nowSeconds() * 1000 - seenAtMs > idleMs)
      throw new AndonError([reason('page.idle', row.id, { found: 'no visible page', limit: '60 min' })]);
  }

  #originReason({ headers, method }: IncomingMessage, { origin }: SessionRow): Reason | undefined {
    const site = headers['sec-fetch-site'];
    if (site !== 'same-origin')
      return reason('page.session', 'Sec-Fetch-Site', { found: `${site ?? 'none'}`, limit: 'same-origin' });
    const named = headers.origin;
    if (named === origin || (named === undefined && method === 'GET')) return undefined;
    return reason('page.session', 'Origin', { found: named ?? 'none', limit: origin });
  }

  #signatureReason(req: IncomingMessage, body: string, row: SessionRow): Reason | undefined {
    const given = parseSignature(req.headers['andon-page']);
    if (given === undefined) return reason('page.session', 'andon-page', { found: 'no signature' });
    const late = this.#timeReason(given);
    if (late !== undefined) return late;
    const requestId = req.headers['x-request-id'];
    const call = {
      ...{ origin: row.origin, method: req.method ?? '', path: req.url ?? '', body },
      requestId: typeof requestId === 'string' ? requestId : '',
    };
    if (!isSigned(row.publicKey, call, given))
      return reason('page.session', 'andon-page', { found: 'a signature of another key or call' });
    // Taken last: a forged call does not use up the nonce of a true one.
    return this.#nonces.take(`${row.id}.${given.nonce}`, this.#gateway.nowSeconds())
      ? undefined
      : reason('page.session', 'andon-page', { found: 'a call that was made before' });
  }

  #timeReason({ seconds }: PageSignature): Reason | undefined {
    const now = Math.floor(this.#gateway.nowSeconds());
    const isBefore = seconds < this.#sinceSeconds;
    if (!isBefore && Math.abs(now - seconds) <= signedSecondsMax) return undefined;
    const found = isBefore ? 'signed before this gateway started' : `${now - seconds} s old`;
    return reason('page.session', 'andon-page', { found, limit: signedSecondsMax });
  }

  /** Notes that somebody looks at the page. */
  async seen({ row, holder }: LiveSession): Promise<void> {
    const [fresh] = await this.#gateway.store.rows<{ seenAt: Date }>(touch, [row.id]);
    if (fresh !== undefined) this.#known.set(row.cookie, { row: { ...row, ...fresh }, holder });
  }
}
