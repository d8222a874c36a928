import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AndonError, fail } from '../../lib/errors.ts';
import { noncePattern, type ProofBody, type Prover } from './proof.ts';

/** Names that a gateway was told to be known under, and if it speaks TLS. */
export interface Known {
  readonly hosts: readonly string[];
  readonly isTls: boolean;
}

/** Most proofs in a second, for all callers together: each is a signature that takes no token. */
const perSecondMax = 1_000;

/** Counts calls; true for one above so many in its second. */
export function createRate(max: number, nowMs: () => number): () => boolean {
  let second = 0;
  let count = 0;
  return () => {
    const now = Math.floor(nowMs() / 1000);
    count = now === second ? count + 1 : 1;
    second = now;
    return count > max;
  };
}

/** Answers `GET /.well-known/andon-proof?nonce=…` by the key of this gateway, or refuses with a reason. */
export function createProofEndpoint(prover: Prover, known: Known, nowMs: () => number) {
  const isOverRate = createRate(perSecondMax, nowMs);
  return (req: IncomingMessage, search: string): ProofBody | AndonError => {
    if (req.method !== 'GET') return fail('request.method', req.method ?? '');
    const nonce = new URLSearchParams(search).get('nonce') ?? '';
    if (!noncePattern.test(nonce))
      return fail('request.invalid', 'nonce', {
        found: nonce.slice(0, 100),
        limit: '22 to 64 of A-Z a-z 0-9 _ -',
      });
    const authority = withPort(req.headers.host ?? '', known.isTls);
    const own = provenAuthorities(req.socket.address() as AddressInfo, known.hosts);
    if (!own.includes(authority))
      return fail('request.host', 'Host', { found: authority, limit: own.join(', ') });
    if (isOverRate()) return fail('request.rate', 'proofs', { found: `over ${perSecondMax} a second` });
    return prover.prove(nonce, authority);
  };
}

const withPort = (host: string, isTls: boolean): string =>
  /:\d+$/.test(host) ? host.toLowerCase() : `${host.toLowerCase()}:${isTls ? 443 : 80}`;

/**
 * Addresses that a gateway speaks for on a connection: the one that the connection came in at, and its
 * configured names, a name without a port at its own port and at those that URLs leave out. `localhost` is
 * none: it names several addresses, and a program that listens at another of them could fetch a proof here.
 */
export function provenAuthorities(at: { address: string; port: number }, hosts: readonly string[]): string[] {
  const own = `${inUrl(at.address)}:${at.port}`;
  const named = hosts
    .filter((name) => !/^localhost(?::|$)/.test(name))
    .flatMap((name) => (/:\d+$/.test(name) ? [name] : [at.port, 80, 443].map((one) => `${name}:${one}`)));
  return [...new Set([own, ...named])];
}

// An address as URLs write it: a server on `::` sees IPv4 addresses in the form of IPv6.
function inUrl(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/, '');
  return bare.includes(':') ? `[${bare}]` : bare;
}
