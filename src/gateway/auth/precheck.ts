import { type AndonError, fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';

/** The parts of a token that passed the precheck; no signature is verified yet. */
export interface UnverifiedToken {
  readonly kid: string;
  readonly claims: unknown;
  /** The bytes that the signature covers (RFC 7515 section 5.2), and the signature. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

// 64 bytes leave four spare bits in the 86th character; of its 16 spellings only those with zero bits are canonical.
const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]$/;

const signatureLength = 86;

// The same condition for parts of any length: by length modulo 4, the last characters that leave no spare bit
// set.
const canonicalEnds = [/./, /(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/] as const;

// The one spelling that the gateway itself writes: no other member, no other order, no space, no escape.
const headerForm = /^\{"alg":"EdDSA","typ":"cap\+jwt","kid":"([A-Za-z0-9_-]{43})"\}$/;

/**
 * Refuses every text that the gateway would not have written exactly so, before any cryptography: at most 4
 * kB, three canonical base64url parts with a signature of 86 characters, the header `alg`, `typ`, `kid`, and
 * a payload that is the very JSON its parsed value is written as (so no duplicate member, space or other
 * spelling of a value). A plain verifier takes 16 spellings of one Ed25519 token, and the last of two `cap`
 * members. Throws `token.malformed`; the error never holds any of the token.
 */
export function precheck(token: unknown): UnverifiedToken {
  if (typeof token !== 'string') throw malformed('no text');
  if (token.length > limits.tokenBytesMax) throw malformed(`${token.length} characters`);
  if (!compact.test(token))
    throw malformed('not three base64url parts with a canonical signature of 86 characters');
  const [head = '', body = ''] = token.split('.', 2);
  return {
    kid: kidOf(decode(head, 'header')),
    claims: canonicalJson(decode(body, 'payload')),
    signed: Buffer.from(token.slice(0, -signatureLength - 1), 'latin1'),
    signature: Buffer.from(token.slice(-signatureLength), 'base64url'),
  };
}

const malformed = (found: string): AndonError =>
  fail('token.malformed', 'token', { found, limit: `${limits.tokenBytesMax} characters` });

function decode(part: string, what: string): string {
  if (!canonicalEnds[part.length % 4]?.test(part)) throw malformed(`another spelling of the ${what}`);
  const text = Buffer.from(part, 'base64url').toString('utf8');
  // Bytes that are not UTF-8 become U+FFFD, which no claim holds either.
  if (text.includes('\ufffd')) throw malformed(`a ${what} that is not UTF-8`);
  return text;
}

function kidOf(header: string): string {
  const kid = headerForm.exec(header)?.[1];
  if (kid === undefined) throw malformed('a header other than alg EdDSA, typ cap+jwt and kid, in this order');
  return kid;
}

function canonicalJson(text: string): unknown {
  // JSON.stringify writes escapes for quotes, which a path may hold, and for characters that no claim holds:
  // control characters, backslashes, lone surrogates.
  if (/\\[^"]/.test(text)) throw malformed('an escape in the payload');
  try {
    const value: unknown = JSON.parse(text);
    if (JSON.stringify(value) === text) return value;
  } catch {
    throw malformed('a payload that is not JSON');
  }
  throw malformed('a payload with duplicate members, spaces or another spelling of a value');
}
