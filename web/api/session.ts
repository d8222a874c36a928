import type { OpenedSession } from '../../src/gateway/page/shapes.ts';
import { base64url, bytesOf, nonce, sha256 } from './bytes.ts';
import { forget, type KeptSession, keep, readKept } from './key-store.ts';
import { fingerprintOf, prove } from './proof.ts';

/** A call to be signed. */
export interface UnsignedCall {
  readonly method: 'GET' | 'POST';
  /** Path and query as they are sent. */
  readonly path: string;
  readonly body: string;
  readonly requestId: string;
}

/** The listener at this address is not the gateway of the session: nothing is sent to it. */
export class NotYourGateway extends Error {
  constructor() {
    super(
      'This is not your gateway: it does not prove the key of the gateway that the session was opened at.',
    );
    this.name = 'NotYourGateway';
  }
}

let kept: KeptSession | undefined;
let offsetMs = 0;
let proving: Promise<void> | undefined;

/** The present session, if there is one. */
export const session = (): KeptSession | undefined => kept;

/** The gateway's time in milliseconds, by its last proof. */
export const gatewayNow = (): number => Date.now() + offsetMs;

/** Takes the session that this browser keeps. */
export async function resume(): Promise<KeptSession | undefined> {
  kept = await readKept();
  return kept;
}

/** Asks for a proof once, before the first call and after every break. Rejects with NotYourGateway. */
export function proved(): Promise<void> {
  proving ??= proveNow().catch((error: unknown) => {
    proving = undefined;
    throw error;
  });
  return proving;
}

/** Makes the next call ask for a proof again: the connection was cut, and somebody else may listen now. */
export function unproved(): void {
  proving = undefined;
}

async function proveNow(): Promise<void> {
  const found = await prove();
  if (found === undefined || (kept !== undefined && found.gatewayKey !== kept.gatewayKey))
    throw new NotYourGateway();
  offsetMs = found.offsetMs;
}

/** A code of `andon open`, with the fingerprint of the gateway's key, where it was not typed. */
export interface GivenCode {
  readonly code: string;
  readonly fingerprint: string | undefined;
}

const codePattern = /^#?([0-9a-hjkmnp-tv-z]{12,26})(?:\.([A-Za-z0-9_-]{43}))?$/;

/** Reads a code: from the fragment of the address, or as a person types it. */
export function codeIn(text: string): GivenCode | undefined {
  const [head = '', tail] = text.trim().split('.', 2);
  const plain = `${head.toLowerCase().replaceAll(/[\s-]/g, '')}${tail === undefined ? '' : `.${tail}`}`;
  const [, code, fingerprint] = codePattern.exec(plain) ?? [];
  return code === undefined ? undefined : { code, fingerprint };
}

/** Opens a session by a code: the gateway proves itself, then code and public key go out, once. */
export async function openBy({ code, fingerprint }: GivenCode): Promise<KeptSession> {
  kept = undefined;
  const found = await prove();
  if (found === undefined) throw new NotYourGateway();
  if (fingerprint !== undefined && (await fingerprintOf(found.gatewayKey)) !== fingerprint)
    throw new NotYourGateway();
  offsetMs = found.offsetMs;
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', keys.publicKey);
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, publicKey: { x, y } }),
  });
  if (!response.ok) throw new Error(await refusalOf(response));
  const opened = (await response.json()) as OpenedSession;
  kept = { ...opened, keys, gatewayKey: found.gatewayKey };
  await keep(kept);
  proving = Promise.resolve();
  return kept;
}

async function refusalOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as { text?: readonly string[] };
  return body.text?.join('\n') ?? `the gateway answered ${response.status}`;
}

/** Ends the session in this browser. */
export async function endHere(): Promise<void> {
  kept = undefined;
  await forget();
}

/** The header of a signed call. Errors: no session. */
export async function signatureOf({ method, path, body, requestId }: UnsignedCall): Promise<string> {
  if (kept === undefined) throw new Error('no session');
  const seconds = Math.floor(gatewayNow() / 1000);
  const number = nonce();
  const bodyHash = await sha256(bytesOf(body));
  const text = ['andon-page 1', location.origin, method, path, bodyHash, requestId, seconds, number].join(
    '\n',
  );
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    kept.keys.privateKey,
    bytesOf(text),
  );
  return `${seconds}.${number}.${base64url(signature)}`;
}

/** A new id for an action: a repetition with it is answered with the stored answer. */
export const newRequestId = (): string => `page:${kept?.session ?? 'none'}:${crypto.randomUUID()}`;
