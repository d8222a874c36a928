import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { jsonOf } from '../../lib/json.ts';
import { createFile, replaceFile } from '../../store/replace-file.ts';

const part = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** An Ed25519 public key as a JWK (RFC 8037); `kid` is its thumbprint (RFC 7638). */
export const publicJwkSchema = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
  kid: part,
  x: part,
});

const privateJwkSchema = publicJwkSchema.extend({ d: part });

const ringSchema = z.strictObject({
  version: z.literal(1),
  next: privateJwkSchema,
  active: privateJwkSchema,
  /** Public halves only: a retired key signs no more, and verifies until the last of its tokens expired. */
  retired: z.array(z.strictObject({ jwk: publicJwkSchema, untilSeconds: z.int() })),
});

/** A public key as a JWK. */
export type PublicJwk = z.infer<typeof publicJwkSchema>;
/** A private key as a JWK. */
export type PrivateJwk = z.infer<typeof privateJwkSchema>;
/** The key ring as its file holds it. */
export type StoredRing = z.infer<typeof ringSchema>;

const fileName = 'keys.json';

/** A new key with its private half. */
export async function generateKey(): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { x = '', d = '' } = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x });
  return { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x, d };
}

/** The public half. */
export function publicHalf({ d: _d, ...rest }: PrivateJwk): PublicJwk {
  return rest;
}

/**
 * Reads the ring from `folder`, or writes a new one when there is none; of two processes that do so at once, one
 * ring wins and both use it. Throws `key.exposed` when folder or file are open to others, `key.broken` when the
 * file is not a ring.
 */
export async function loadRing(folder: string): Promise<StoredRing> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  refuseExposed(folder, await lstat(folder));
  const stored = await readRing(folder);
  if (stored !== undefined) return stored;
  const fresh: StoredRing = {
    version: 1,
    next: await generateKey(),
    active: await generateKey(),
    retired: [],
  };
  await writeRing(folder, fresh, 'first');
  return (await readRing(folder)) ?? fresh;
}

async function readRing(folder: string): Promise<StoredRing | undefined> {
  const path = join(folder, fileName);
  const text = await readPrivate(path);
  return text === undefined ? undefined : parseRing(path, text);
}

/**
 * The text of a file with a private key; undefined when there is none. Errors: `key.broken` for a link or an
 * unreadable file, `key.exposed` for a file that others may read or own.
 */
export async function readPrivate(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw fail('key.broken', path, { found: code ?? 'unreadable' }, error);
  }
  try {
    refuseExposed(path, await file.stat());
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function refuseExposed(path: string, stat: { mode: number; uid: number }): void {
  const mode = (stat.mode & 0o777).toString(8);
  if ((stat.mode & 0o077) !== 0)
    throw fail('key.exposed', path, { found: `mode ${mode}`, limit: 'mode 600 or 700' });
  const self = process.getuid?.();
  if (self !== undefined && stat.uid !== self) {
    throw fail('key.exposed', path, { found: `owner ${stat.uid}`, limit: `owner ${self}` });
  }
}

async function parseRing(path: string, text: string): Promise<StoredRing> {
  const parsed = ringSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    const member = parsed.error.issues[0]?.path.join('.') || 'JSON';
    throw fail('key.broken', path, { found: `a fault at ${member}` });
  }
  const { next, active, retired } = parsed.data;
  for (const jwk of [next, active, ...retired.map((one) => one.jwk)]) {
    if ((await thumbprintOf(jwk)) !== jwk.kid) throw fail('key.broken', path, { found: `kid ${jwk.kid}` });
  }
  return parsed.data;
}

/** The RFC 7638 thumbprint of a public key. */
export const thumbprintOf = ({ kty, crv, x }: PublicJwk): Promise<string> =>
  calculateJwkThumbprint({ kty, crv, x });

/** Writes the ring whole or not at all, for its owner alone; `first` leaves a ring alone that another process wrote first. */
export async function writeRing(folder: string, ring: StoredRing, how: 'first' | 'replace'): Promise<void> {
  const path = join(folder, fileName);
  const text = `${JSON.stringify(ring)}\n`;
  if (how === 'replace') await replaceFile(path, text, ownerOnly);
  else await createFile(path, text, ownerOnly);
}

/** The umask may take rights from the mode that the owner needs. */
const ownerOnly = { mode: 0o600, isExact: true };
