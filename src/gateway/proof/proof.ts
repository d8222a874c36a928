import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Path at which a gateway proves itself, without a token: `?nonce=…`. */
export const proofPath = '/.well-known/andon-proof';

export const noncePattern = /^[A-Za-z0-9_-]{22,64}$/;

/** A proof, as the gateway answers it. */
export interface ProofBody {
  /** The public half of the Ed25519 key, as the `x` of a JWK. */
  readonly key: string;
  readonly authority: string;
  readonly signature: string;
}

/** The key of a listener, which signs for one address and one nonce that it listens there. */
export interface Prover {
  /** Fingerprint of the key, as clients pin it: `SHA256:` and 43 characters. */
  readonly fingerprint: string;
  prove(nonce: string, authority: string): ProofBody;
  /** Proves itself to a page at this origin, and tells the time by which the page signs its calls. */
  provePage(nonce: string, origin: string, seconds: number): PageProof;
}

/** A proof for a page. */
export interface PageProof {
  readonly key: string;
  readonly seconds: number;
  readonly signature: string;
}

/**
 * Makes proofs with a private Ed25519 key. The signature covers host and port, so that a proof fetched for a
 * listener at another address proves nothing. No other text that Andon signs begins like this one.
 */
export function createProver(privateKey: KeyObject): Prover {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    fingerprint: fingerprintOf(x),
    prove: (nonce, authority) => ({
      key: x,
      authority,
      signature: sign(null, textOf(nonce, authority), privateKey).toString('base64url'),
    }),
    provePage: (nonce, origin, seconds) => {
      const text = `andon-page-proof 1\n${nonce}\n${origin}\n${seconds}\n`;
      return { key: x, seconds, signature: sign(null, Buffer.from(text), privateKey).toString('base64url') };
    },
  };
}

/** The proof that a request path asks for; undefined for another path, or for a malformed nonce. */
export function proofFor(prover: Prover, asked: string, authority: string): ProofBody | undefined {
  const [path, search] = asked.split('?', 2);
  const nonce = path === proofPath ? (new URLSearchParams(search).get('nonce') ?? '') : '';
  return noncePattern.test(nonce) ? prover.prove(nonce, authority) : undefined;
}

const textOf = (nonce: string, authority: string): Buffer =>
  Buffer.from(`andon-proof 1\n${nonce}\n${authority}\n`, 'utf8');

const fingerprintOf = (x: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(x, 'base64url')).digest('base64url')}`;

export const fingerprintPattern = /^SHA256:[A-Za-z0-9_-]{43}$/;

/** The fingerprint of the key that signed this nonce for this address, or undefined when none did. */
export function provenKey(body: unknown, nonce: string, authority: string): string | undefined {
  const { key: x, signature } = (body ?? {}) as Partial<Record<keyof ProofBody, unknown>>;
  if (!isPart(x, 43) || !isPart(signature, 86)) return undefined;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const isSigned = verify(null, textOf(nonce, authority), key, Buffer.from(signature, 'base64url'));
  return isSigned ? fingerprintOf(x) : undefined;
}

// Without a schema, because every start of the command line would wait for its library.
const isPart = (value: unknown, length: number): value is string =>
  typeof value === 'string' && value.length === length && /^[A-Za-z0-9_-]+$/.test(value);

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Host and port of a URL, always with the port. */
export const authorityOf = ({ hostname, port, protocol }: URL): string =>
  `${hostname.toLowerCase()}:${port || defaultPorts[protocol]}`;
