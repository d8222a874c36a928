import { verify as verifySignature } from 'node:crypto';
import { CompactSign } from 'jose';
import { AndonError, fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import type { VerifiedToken } from '../../tiers/capability.ts';
import { packActions } from '../../tiers/role-versions/index.ts';
import { claimsToWire } from '../../tiers/wire.ts';
import { checkClaims, checkExpiry, type GrantDraft, parseClaims, parseWireClaims } from './claims.ts';
import type { KeyRing } from './keys.ts';
import { precheck } from './precheck.ts';
import { createRevocations, type Revocations } from './revocations.ts';
import { createVerifyCache, tokenDigest } from './verify-cache.ts';

/** Issuer, keys, clock and cache of an authority. */
export interface TokenAuthorityOptions {
  /** URL of the gateway; the `iss` of its tokens and the start of their `aud`. */
  readonly issuer: string;
  readonly keys: KeyRing;
  /** Clock in milliseconds. */
  readonly now: () => number;
  /** Revocations to check; a separate, empty set when absent. */
  readonly revocations?: Revocations;
  /** Number of verified grants to remember; 10,000 when absent. */
  readonly cacheEntriesMax?: number;
}

/** Signs and verifies capability tokens. Keeps no token, and its errors hold no part of one. */
export interface TokenAuthority {
  readonly revocations: Revocations;
  /**
   * Signs a grant with the active key. Refuses every grant that `verify` would refuse: throws `token.claims`
   * on claims outside the schema, `grant.size` on a token above 4 kB.
   */
  sign(draft: GrantDraft): Promise<string>;
  /** The grant of a valid token; throws one of the `token.*` codes. O(1), without database or network. */
  verify(token: string): Promise<VerifiedToken>;
  /**
   * The grant of an authentic token, even when it has expired or is revoked: for callers that decide that
   * themselves and record the refusal, as admission does. Other faults throw as in `authenticate`.
   */
  identify(header: string | undefined): Promise<VerifiedToken>;
  /** The grant of an Authorization header: `Bearer <token>`, or Basic with the token as password, as git sends it. */
  authenticate(header: string | undefined): Promise<VerifiedToken>;
}

/** Makes the authority of one issuer. */
export function createTokenAuthority(options: TokenAuthorityOptions): TokenAuthority {
  const { issuer, keys, now, revocations = createRevocations() } = options;
  const cache = createVerifyCache(options.cacheEntriesMax ?? 10_000);

  // State that may end a token before its time is checked again at every use.
  const stillHolds = (grant: VerifiedToken, nowSeconds: number): void => {
    checkExpiry(grant, nowSeconds);
    const revoked = revocations.check(grant, nowSeconds);
    if (revoked !== undefined) throw new AndonError([revoked]);
  };

  // After the precheck only the signature is left of jose's verification; node:crypto checks it without a hop
  // to another thread, in two thirds of the time. A test holds both to the same answers.
  const verifyCold = (token: string): VerifiedToken => {
    const { kid, claims, signed, signature } = precheck(token);
    const key = keys.verifier(kid);
    if (key === undefined) throw fail('token.key', 'kid', { found: kid });
    if (!verifySignature(null, signed, key, signature)) throw fail('token.signature', 'token');
    const parsed = parseClaims(claims);
    checkClaims(parsed, issuer, Math.floor(now() / 1000));
    return { ...parsed, kid };
  };

  const authentic = (token: string): VerifiedToken => {
    if (typeof token !== 'string' || token.length > limits.tokenBytesMax) precheck(token);
    const digest = tokenDigest(token);
    const known = cache.get(digest);
    const grant = known ?? verifyCold(token);
    if (keys.verifier(grant.kid) === undefined) throw fail('token.key', 'kid', { found: grant.kid });
    if (known === undefined) cache.set(digest, grant);
    return grant;
  };
  const verify = async (token: string): Promise<VerifiedToken> => {
    const grant = authentic(token);
    stillHolds(grant, Math.floor(now() / 1000));
    return grant;
  };

  return {
    revocations,
    sign: (draft) => sign(draft, issuer, keys, Math.floor(now() / 1000)),
    verify,
    identify: async (header) => authentic(tokenOf(header)),
    authenticate: async (header) => verify(tokenOf(header)),
  };
}

async function sign(draft: GrantDraft, issuer: string, keys: KeyRing, nowSeconds: number): Promise<string> {
  const claims = parseWireClaims(claimsToWire(draft));
  checkClaims(claims, issuer, nowSeconds);
  checkExpiry(claims, nowSeconds);
  const { kid, privateKey } = keys.active();
  // The actions are kept under the name of their role, since another version may know more of them than this
  // one.
  const { role, actions, delegable } = draft.cap;
  const packed = { ops: packActions('ops', role, actions), dops: packActions('dops', role, delegable) };
  const payload = { ...claims, cap: { ...claims.cap, ...packed } };
  const token = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'cap+jwt', kid })
    .sign(privateKey);
  if (token.length > limits.tokenBytesMax) {
    throw fail('grant.size', claims.gid, {
      found: `${token.length} bytes`,
      limit: `${limits.tokenBytesMax} bytes`,
    });
  }
  return token;
}

/** The token of an Authorization header (RFC 6750, RFC 7617); throws `token.missing` when it holds none. */
export function tokenOf(header: string | undefined): string {
  const match = /^(bearer|basic) +([^ ].*)$/is.exec(header ?? '');
  const [, scheme, credentials] = match ?? [];
  if (scheme === undefined || credentials === undefined) throw fail('token.missing', 'Authorization');
  return scheme.toLowerCase() === 'bearer' ? credentials : passwordOf(credentials);
}

function passwordOf(credentials: string): string {
  // The server bounds a header, but a token is much shorter, so the decoder is spared the rest.
  if (credentials.length > limits.tokenBytesMax * 2) precheck(credentials);
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0 || colon === pair.length - 1) throw fail('token.missing', 'password');
  return pair.slice(colon + 1);
}
