import { createPublicKey, verify } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { thumbprintOf } from '../../../src/gateway/auth/key-file.ts';
import { precheck } from '../../../src/gateway/auth/precheck.ts';
import { encode } from '../../support/authority.ts';

// RFC 8037, appendices A.2 to A.4: the Ed25519 key, its thumbprint and a signed message.
const rfc8037 = {
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  thumbprint: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  jws: 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
} as const;

const header = encode(`{"alg":"EdDSA","typ":"cap+jwt","kid":"${'k'.repeat(43)}"}`);
const token = (payload: string) => `${header}.${encode(payload)}.${'A'.repeat(86)}`;

describe('the precheck', () => {
  it('gives key id and claims of a canonical token, without verifying anything', () => {
    expect(precheck(token('{"a":["ä\\"",1]}'))).toMatchObject({
      kid: 'k'.repeat(43),
      claims: { a: ['ä"', 1] },
    });
  });

  it('takes up to 4,096 characters and no more', () => {
    // No base64url text has a length of 1 beyond a multiple of 4, which here leaves out 4,096 itself.
    const sized = (bytes: number) => token(JSON.stringify('a'.repeat(bytes)));
    let bytes = 0;
    while (sized(bytes + 1).length <= 4096) bytes++;
    expect(sized(bytes).length).toBeGreaterThan(4093);
    expect(() => precheck(sized(bytes))).not.toThrow();
    expect(() => precheck(sized(bytes + 1))).toThrow('token.malformed');
  });

  it.each([undefined, null, 7, {}, []])('refuses %j, which is no text', (value) => {
    expect(() => precheck(value)).toThrow('token.malformed');
  });
});

describe('RFC 8037', () => {
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    alg: 'EdDSA',
    use: 'sig',
    kid: rfc8037.thumbprint,
    x: rfc8037.x,
  } as const;

  it('A.3: the thumbprint of the key is the one printed', async () => {
    expect(await thumbprintOf(jwk)).toBe(rfc8037.thumbprint);
  });

  it('A.4 and A.5: the signature verifies here, and is no token', async () => {
    const key = await importJWK(jwk, 'EdDSA');
    const { payload } = await compactVerify(rfc8037.jws, key);
    expect(new TextDecoder().decode(payload)).toBe('Example of Ed25519 signing');
    const [head, body, signature = ''] = rfc8037.jws.split('.');
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: rfc8037.x }, format: 'jwk' });
    expect(verify(null, Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
    expect(() => precheck(rfc8037.jws)).toThrow('token.malformed');
  });
});
