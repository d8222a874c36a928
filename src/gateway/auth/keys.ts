import { createPublicKey, type KeyObject } from 'node:crypto';
import { type CryptoKey, importJWK } from 'jose';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import {
  generateKey,
  loadRing,
  type PrivateJwk,
  type PublicJwk,
  publicHalf,
  publicJwkSchema,
  type StoredRing,
  thumbprintOf,
  writeRing,
} from './key-file.ts';

/** The Ed25519 keys of a gateway: one signs, its successor is published in advance, its predecessors still verify. */
export interface KeyRing {
  /** The key that signs. */
  active(): SigningKey;
  /** The public key of that id, or undefined when it is unknown or no longer honoured. Never touches disk or net. */
  verifier(kid: string): KeyObject | undefined;
  /** The public keys to publish (RFC 7517): active, next, and retired ones that are still honoured. */
  jwks(): { keys: PublicJwk[] };
  /** Retires the active key, makes the next one active and generates a new next; the file is replaced atomically. */
  rotate(): Promise<void>;
  /** Adds public keys of other gateways of the same issuer, for verification only; kept in memory. */
  trust(keys: readonly unknown[]): Promise<void>;
}

/** A key that signs tokens. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** The place and clock of a key ring. */
export interface KeyRingOptions {
  /** Folder of the ring, outside the event database and its backups; made with mode 0700. */
  readonly folder: string;
  /** Clock in milliseconds. */
  readonly now: () => number;
}

/** A retired key verifies until the longest-lived token that it may have signed has expired. */
const honouredSeconds = limits.humanTokenSecondsMax + 60;

interface Loaded {
  readonly stored: StoredRing;
  readonly active: SigningKey;
  readonly verifiers: ReadonlyMap<string, { readonly key: KeyObject; readonly untilSeconds: number }>;
}

/** Opens the key ring in a folder, and makes one when there is none; throws `key.exposed` or `key.broken`. */
export async function openKeyRing({ folder, now }: KeyRingOptions): Promise<KeyRing> {
  const nowSeconds = () => Math.floor(now() / 1000);
  const foreign = new Map<string, KeyObject>();
  let loaded = await load(await loadRing(folder));
  // One rotation after the other, or two would write from the same state and one key would be lost.
  let rotating: Promise<void> = Promise.resolve();

  const rotate = async (): Promise<void> => {
    const stored = rotated(loaded.stored, await generateKey(), nowSeconds());
    const fresh = await load(stored);
    await writeRing(folder, stored, 'replace');
    loaded = fresh;
  };

  return {
    active: () => loaded.active,
    verifier(kid) {
      const own = loaded.verifiers.get(kid);
      if (own === undefined) return foreign.get(kid);
      return nowSeconds() < own.untilSeconds ? own.key : undefined;
    },
    jwks: () => ({ keys: publishedKeys(loaded.stored, nowSeconds()) }),
    rotate() {
      rotating = rotating.then(rotate, rotate);
      return rotating;
    },
    async trust(keys) {
      for (const jwk of keys) {
        const [kid, key] = await foreignKey(jwk);
        foreign.set(kid, key);
      }
    },
  };
}

async function load(stored: StoredRing): Promise<Loaded> {
  const verifiers = new Map<string, { key: KeyObject; untilSeconds: number }>();
  for (const { jwk, untilSeconds } of stored.retired)
    verifiers.set(jwk.kid, { key: publicKeyOf(jwk), untilSeconds });
  for (const jwk of [stored.active, stored.next]) {
    verifiers.set(jwk.kid, { key: publicKeyOf(jwk), untilSeconds: Number.POSITIVE_INFINITY });
  }
  const active = { kid: stored.active.kid, privateKey: await privateKeyOf(stored.active) };
  return { stored, active, verifiers };
}

const privateKeyOf = async (jwk: PrivateJwk): Promise<CryptoKey> =>
  (await importJWK(jwk, 'EdDSA')) as CryptoKey;

const publicKeyOf = ({ kty, crv, x }: PublicJwk): KeyObject =>
  createPublicKey({ key: { kty, crv, x }, format: 'jwk' });

function rotated(stored: StoredRing, next: PrivateJwk, nowSeconds: number): StoredRing {
  const retiring = { jwk: publicHalf(stored.active), untilSeconds: nowSeconds + honouredSeconds };
  const honoured = stored.retired.filter(({ untilSeconds }) => nowSeconds < untilSeconds);
  return { version: 1, next, active: stored.next, retired: [retiring, ...honoured] };
}

function publishedKeys(stored: StoredRing, nowSeconds: number): PublicJwk[] {
  const honoured = stored.retired.filter(({ untilSeconds }) => nowSeconds < untilSeconds);
  return [publicHalf(stored.active), publicHalf(stored.next), ...honoured.map(({ jwk }) => jwk)];
}

/** A public key with its id; throws `key.broken` when the id is not the thumbprint of the key. */
export async function foreignKey(candidate: unknown): Promise<[kid: string, key: KeyObject]> {
  const parsed = publicJwkSchema.safeParse(candidate);
  if (!parsed.success)
    throw fail('key.broken', 'public key', { found: parsed.error.issues[0]?.message ?? 'no JWK' });
  if ((await thumbprintOf(parsed.data)) !== parsed.data.kid) {
    throw fail('key.broken', parsed.data.kid, { found: 'a kid that is not the thumbprint of its key' });
  }
  return [parsed.data.kid, publicKeyOf(parsed.data)];
}
