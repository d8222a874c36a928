import { createHash, createPublicKey, verify } from 'node:crypto';
import type { PageKey } from './schema.ts';

/** Seconds by which the time of a signed call may differ from the gateway's. */
export const signedSecondsMax = 30;

/** A call as its page signs it. */
export interface SignedCall {
  readonly origin: string;
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
  readonly body: string;
  readonly requestId: string;
}

/** The header `andon-page`: time, nonce and signature. */
export interface PageSignature {
  readonly seconds: number;
  readonly nonce: string;
  readonly signature: Buffer;
}

const headerPattern = /^(\d{10})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{86})$/;

/** The parts of the header, or undefined for one that is malformed. */
export function parseSignature(header: unknown): PageSignature | undefined {
  const [, seconds = '', nonce = '', signature = ''] =
    headerPattern.exec(typeof header === 'string' ? header : '') ?? [];
  if (signature === '') return undefined;
  return { seconds: Number(seconds), nonce, signature: Buffer.from(signature, 'base64url') };
}

/** The text that a page signs. */
const signedText = (call: SignedCall, { seconds, nonce }: Omit<PageSignature, 'signature'>): string =>
  [
    'andon-page 1',
    call.origin,
    call.method,
    call.path,
    createHash('sha256').update(call.body).digest('base64url'),
    call.requestId,
    seconds,
    nonce,
  ].join('\n');

/** True when the key of the page has signed the call. */
export function isSigned({ x, y }: PageKey, call: SignedCall, given: PageSignature): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    const text = Buffer.from(signedText(call, given), 'utf8');
    return verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, given.signature);
  } catch {
    return false;
  }
}

/** True for the public half of a key that pages may have. */
export function isPageKey(key: PageKey): boolean {
  try {
    createPublicKey({ key: { kty: 'EC', crv: 'P-256', ...key }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** Remembers each nonce for as long as its call could be repeated. */
export class SeenNonces {
  readonly #until = new Map<string, number>();

  /** True for a nonce that was not seen before; false for a repetition. */
  take(nonce: string, nowSeconds: number): boolean {
    if (this.#until.has(nonce)) return false;
    // In the order of their insertion, so the old ones stand first.
    for (const [old, until] of this.#until) {
      if (until > nowSeconds) break;
      this.#until.delete(old);
    }
    this.#until.set(nonce, nowSeconds + 2 * signedSecondsMax + 1);
    return true;
  }
}
