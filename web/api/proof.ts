import { bytesOf, fromBase64url, nonce, sha256 } from './bytes.ts';

/** The key that answers at this origin, and its clock beside the browser's. */
export interface Proved {
  readonly gatewayKey: string;
  /** Milliseconds by which the gateway's clock is ahead of the browser's. */
  readonly offsetMs: number;
}

const waitsMs = 8_000;

async function ask(number: string): Promise<Response> {
  const url = `/session/prove?nonce=${number}`;
  const options = { cache: 'no-store', signal: AbortSignal.timeout(waitsMs) } as const;
  // Nothing goes along before the proof; at the end of a tunnel alone the cookie tells the place.
  const bare = await fetch(url, { ...options, credentials: 'omit' });
  return bare.ok ? bare : fetch(url, { ...options, credentials: 'same-origin' });
}

/**
 * Asks whoever listens at this origin to prove the key of a gateway. Undefined for a listener that proves
 * none; rejects where nobody answers.
 */
export async function prove(): Promise<Proved | undefined> {
  const number = nonce();
  const response = await ask(number);
  const body: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  const { key, seconds, signature } = (body ?? {}) as Record<string, unknown>;
  if (typeof key !== 'string' || typeof seconds !== 'number' || typeof signature !== 'string')
    return undefined;
  const text = bytesOf(`andon-page-proof 1\n${number}\n${location.origin}\n${seconds}\n`);
  return (await isSigned(key, signature, text))
    ? { gatewayKey: key, offsetMs: seconds * 1000 - Date.now() }
    : undefined;
}

async function isSigned(x: string, signature: string, text: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x };
    const key = await crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, fromBase64url(signature), text);
  } catch {
    return false;
  }
}

/** The fingerprint of a key, as `andon open` puts it behind the code. */
export const fingerprintOf = (x: string): Promise<string> => sha256(fromBase64url(x));
