import { createPrivateKey, type JsonWebKey, sign as signBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GrantDraft } from '../../src/gateway/auth/claims.ts';
import { type KeyRing, openKeyRing } from '../../src/gateway/auth/keys.ts';
import { createTokenAuthority, type TokenAuthority } from '../../src/gateway/auth/verify-token.ts';
import type { Capability } from '../../src/tiers/capability.ts';
import { fullCapability, grantOf, issuer } from './capabilities.ts';

/** A token authority with real keys in a temporary folder, a clock to turn, and a forger that knows the key. */
export interface Bench extends AsyncDisposable {
  readonly authority: TokenAuthority;
  readonly keys: KeyRing;
  readonly folder: string;
  readonly clock: { seconds: number };
  /** Signs any header and payload text with the real key. */
  forge(header: string, payload: string | Uint8Array): string;
  /** The header that the gateway writes. */
  header(): string;
}

export async function openBench(cacheEntriesMax?: number): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'andon-keys-'));
  const clock = { seconds: 1_000 };
  const now = () => clock.seconds * 1000;
  const keys = await openKeyRing({ folder, now });
  const authority = createTokenAuthority({
    issuer,
    keys,
    now,
    ...(cacheEntriesMax === undefined ? {} : { cacheEntriesMax }),
  });
  const { active } = JSON.parse(await readFile(join(folder, 'keys.json'), 'utf8')) as { active: JsonWebKey };
  const key = createPrivateKey({ key: active, format: 'jwk' });
  return {
    authority,
    keys,
    folder,
    clock,
    header: () => JSON.stringify({ alg: 'EdDSA', typ: 'cap+jwt', kid: keys.active().kid }),
    forge(header, payload) {
      const input = `${encode(header)}.${encode(payload)}`;
      return `${input}.${signBytes(null, Buffer.from(input), key).toString('base64url')}`;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export const encode = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** Claims as the gateway would write them, with changes. */
export function draftOf(cap: Capability = usual, change: Partial<GrantDraft> = {}): GrantDraft {
  const { kid: _kid, ...draft } = grantOf(cap, change);
  return draft;
}

const usual = fullCapability('implementer', { write: ['src/**'] });

/** The code of the error that a promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'accepted',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
}
