import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleVersion } from '../../src/tiers/role-versions/index.ts';
import { capabilityToWire, claimsToWire } from '../../src/tiers/wire.ts';
import { type Bench, codeOf, draftOf, encode, openBench } from '../support/authority.ts';
import { fullCapability, issuer } from '../support/capabilities.ts';

let bench: Bench;
let token: string;
let parts: [string, string, string];

beforeAll(async () => {
  bench = await openBench();
  token = await bench.authority.sign(draftOf());
  parts = token.split('.') as [string, string, string];
});
afterAll(() => bench[Symbol.asyncDispose]());

const verify = (text: string) => codeOf(bench.authority.verify(text));
const payload = (change: object = {}) => JSON.stringify({ ...claimsToWire(draftOf()), ...change });
const withHeader = (header: object | string, body = payload()) =>
  verify(bench.forge(typeof header === 'string' ? header : JSON.stringify(header), body));
const withPayload = (body: string | Uint8Array) => verify(bench.forge(bench.header(), body));
const withCap = (change: object) =>
  withPayload(payload({ cap: { ...capabilityToWire(draftOf().cap), ...change } }));

describe('the forger, so that no attack fails for another reason', () => {
  it('writes a token that is accepted', async () => {
    const { cap } = claimsToWire(draftOf());
    const packed = { ...cap, ops: [`IMPLEMENTER@${roleVersion}`], dops: [`IMPLEMENTER@${roleVersion}`] };
    expect(bench.forge(bench.header(), payload({ cap: packed }))).toBe(token);
    expect(await withPayload(payload())).toBe('accepted');
  });
});

describe('attacks on the header', () => {
  const honest = () => JSON.parse(bench.header()) as { alg: string; typ: string; kid: string };

  it.each(['none', 'None', 'NONE', 'nOnE'])('alg %s', async (alg) => {
    expect(await withHeader({ ...honest(), alg })).toBe('token.malformed');
    const unsigned = `${encode(JSON.stringify({ ...honest(), alg }))}.${parts[1]}.`;
    expect(await verify(unsigned)).toBe('token.malformed');
  });

  it('algorithm confusion: HS256 with the public key as the secret', async () => {
    const [jwk] = bench.keys.jwks().keys;
    for (const secret of [JSON.stringify(jwk), jwk?.x ?? '', Buffer.from(jwk?.x ?? '', 'base64url')]) {
      const input = `${encode(JSON.stringify({ ...honest(), alg: 'HS256' }))}.${parts[1]}`;
      const mac = createHmac('sha256', secret).update(input).digest('base64url');
      expect(await verify(`${input}.${mac}`)).toBe('token.malformed');
      expect(await verify(`${input}.${mac}${mac}`)).toBe('token.malformed');
    }
  });

  it.each(['RS256', 'ES256', 'HS512', 'Ed25519', 'eddsa', ''])('alg %j', async (alg) => {
    expect(await withHeader({ ...honest(), alg })).toBe('token.malformed');
  });

  it.each(['JWT', 'at+jwt', 'CAP+JWT', 'application/cap+jwt'])(
    'typ %s: a token of another kind',
    async (typ) => {
      expect(await withHeader({ ...honest(), typ })).toBe('token.malformed');
    },
  );

  it.each(['../../etc/passwd', '/dev/null', 'x', '', "' or 1=1 --", 'a'.repeat(44)])(
    'kid %j: traversal and injection',
    async (kid) => {
      expect(await withHeader({ ...honest(), kid })).toBe('token.malformed');
    },
  );

  it.each(['z'.repeat(43), `__proto__${'_'.repeat(34)}`])('kid %s: well-formed and unknown', async (kid) => {
    expect(await withHeader({ ...honest(), kid })).toBe('token.key');
  });

  it('no kid, no typ, no alg', async () => {
    const { kid, typ, alg } = honest();
    for (const header of [{ alg, typ }, { alg, kid }, { typ, kid }, {}])
      expect(await withHeader(header)).toBe('token.malformed');
  });

  it('kid as an array, as a number, as null', async () => {
    for (const kid of [[honest().kid], 7, null])
      expect(await withHeader({ ...honest(), kid })).toBe('token.malformed');
  });

  it.each([
    ['jku', 'https://evil.example/jwks.json'],
    ['x5u', 'https://evil.example/cert.pem'],
    ['x5c', ['MIIB']],
    ['x5t', 'aaaa'],
    ['crit', ['exp']],
    ['b64', false],
    ['zip', 'DEF'],
    ['cty', 'JWT'],
    ['enc', 'A256GCM'],
    ['__proto__x', {}],
  ])('a header with %s', async (member, value) => {
    expect(await withHeader({ ...honest(), [member]: value })).toBe('token.malformed');
  });

  it('a key of the attacker in jwk, with a signature that it verifies', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const header = encode(JSON.stringify({ ...honest(), jwk: publicKey.export({ format: 'jwk' }) }));
    const signature = sign(null, Buffer.from(`${header}.${parts[1]}`), privateKey).toString('base64url');
    expect(await verify(`${header}.${parts[1]}.${signature}`)).toBe('token.malformed');
  });

  it('unencoded payload (b64 false with crit, RFC 7797)', async () => {
    expect(await withHeader({ ...honest(), b64: false, crit: ['b64'] })).toBe('token.malformed');
  });

  it('duplicate members', async () => {
    const { kid } = honest();
    for (const header of [
      `{"alg":"none","alg":"EdDSA","typ":"cap+jwt","kid":"${kid}"}`,
      `{"alg":"EdDSA","typ":"cap+jwt","kid":"${kid}","kid":"${kid}"}`,
      `{"alg":"EdDSA","typ":"cap+jwt","kid":"${kid}","alg":"none"}`,
    ]) {
      expect(await withHeader(header)).toBe('token.malformed');
    }
  });

  it('spaces, escapes, a byte order mark, another order of members', async () => {
    const { kid, alg, typ } = honest();
    for (const header of [
      ` ${bench.header()}`,
      `${bench.header()}\n`,
      `\ufeff${bench.header()}`,
      bench.header().replace('alg', '\\u0061lg'),
      JSON.stringify({ typ, alg, kid }),
    ]) {
      expect(await withHeader(header)).toBe('token.malformed');
    }
  });

  it.each(['[]', 'null', '"x"', '7', '', '{', '[{"alg":"EdDSA"}]'])('a header that is %j', async (header) => {
    expect(await withHeader(header)).toBe('token.malformed');
  });
});

describe('attacks on the signature', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

  it('the 16 aliases of one signature: only the canonical one is taken', async () => {
    const [head, body, signature] = parts;
    const same = [...alphabet].filter((last) => {
      const alias = signature.slice(0, -1) + last;
      return Buffer.from(alias, 'base64url').equals(Buffer.from(signature, 'base64url'));
    });
    expect(same).toHaveLength(16);
    const answers = await Promise.all(
      same.map((last) => verify(`${head}.${body}.${signature.slice(0, -1)}${last}`)),
    );
    expect(answers.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(answers.filter((code) => code === 'token.malformed')).toHaveLength(15);
  });

  it('aliases of header and payload', async () => {
    // A part whose length is 2 or 3 beyond a multiple of 4 has spare bits in its last character.
    const aliases: string[] = [];
    for (const index of [0, 1]) {
      for (const last of alphabet) {
        const part = parts[index] ?? '';
        const alias = part.slice(0, -1) + last;
        if (alias !== part && Buffer.from(alias, 'base64url').equals(Buffer.from(part, 'base64url'))) {
          aliases.push(parts.map((one, i) => (i === index ? alias : one)).join('.'));
        }
      }
    }
    for (const alias of aliases) expect(await verify(alias)).toBe('token.malformed');
  });

  it.each([' ', '\n', '\r\n', '\t', '=', '==', '\u0000', '\u00a0', '.'])(
    'the token with %j behind, before, inside',
    async (extra) => {
      const [head, body, signature] = parts;
      for (const text of [
        token + extra,
        extra + token,
        `${head}.${body}.${signature.slice(0, 40)}${extra}${signature.slice(40)}`,
        `${head}${extra}.${body}.${signature}`,
        `${head}.${body}${extra}.${signature}`,
      ]) {
        expect(await verify(text)).toBe('token.malformed');
      }
    },
  );

  it('base64 with + and / in place of - and _', async () => {
    const texts: string[] = [];
    for (let i = 0; texts.length < 5; i++) {
      const other = bench.forge(bench.header(), payload({ ep: i }));
      const classic = other.replaceAll('-', '+').replaceAll('_', '/');
      if (classic !== other) texts.push(classic);
    }
    for (const text of texts) expect(await verify(text)).toBe('token.malformed');
  });

  it('no signature, a short one, a long one, two tokens, five parts', async () => {
    const [head, body, signature] = parts;
    for (const text of [
      `${head}.${body}`,
      `${head}.${body}.`,
      `${head}.${body}.${signature.slice(1)}`,
      `${token}A`,
      `${token}.${token}`,
      `${token}.a.b`,
      '..',
      '',
    ]) {
      expect(await verify(text)).toBe('token.malformed');
    }
  });

  it('a flipped bit anywhere in the signature', async () => {
    const bytes = Buffer.from(parts[2], 'base64url');
    for (let i = 0; i < bytes.length; i += 7) {
      const other = Buffer.from(bytes);
      other[i] = (other[i] ?? 0) ^ 1;
      expect(await verify(`${parts[0]}.${parts[1]}.${other.toString('base64url')}`)).toBe('token.signature');
    }
  });

  it('S plus the group order: a malleable signature', async () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const bytes = Buffer.from(parts[2], 'base64url');
    let s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
    for (let i = 32; i < 64; i++, s >>= 8n) bytes[i] = Number(s & 255n);
    expect(await verify(`${parts[0]}.${parts[1]}.${bytes.toString('base64url')}`)).toBe('token.signature');
  });

  it('all zeros, and the signature of another payload', async () => {
    expect(await verify(`${parts[0]}.${parts[1]}.${'A'.repeat(86)}`)).toBe('token.signature');
    const other = bench.forge(bench.header(), payload({ ep: 9 })).split('.')[2];
    expect(await verify(`${parts[0]}.${parts[1]}.${other}`)).toBe('token.signature');
  });

  it('a token of another key under a known kid', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const stranger = await new SignJWT(JSON.parse(payload()) as Record<string, unknown>)
      .setProtectedHeader(JSON.parse(bench.header()) as { alg: string })
      .sign(privateKey);
    expect(await verify(stranger)).toBe('token.signature');
  });
});

describe('attacks on the payload, signed by the real key', () => {
  it('two cap members, of which a plain parser takes the last', async () => {
    const wide = JSON.stringify(capabilityToWire(fullCapability('human')));
    expect(await withPayload(payload().replace(/}$/, `,"cap":${wide}}`))).toBe('token.malformed');
    expect(await withPayload(payload().replace(/^{/, `{"cap":${wide},`))).toBe('token.malformed');
  });

  it('duplicate members deep inside, and spelled with an escape', async () => {
    expect(await withPayload(payload().replace('"tokens":', '"tokens":1,"tokens":'))).toBe('token.malformed');
    expect(await withPayload(payload().replace('"sub":', '"s\\u0075b":"human:ada","sub":'))).toBe(
      'token.malformed',
    );
  });

  it('unknown members at every level', async () => {
    expect(await withPayload(payload({ admin: true }))).toBe('token.claims');
    expect(await withCap({ admin: true })).toBe('token.claims');
    expect(await withCap({ budget: { ...draftOf().cap.budget, extra: 1 } })).toBe('token.claims');
    expect(await withPayload(payload({ act: { sub: 'human:ada', extra: 1 } }))).toBe('token.claims');
    expect(await withPayload(payload({ cnf: { jkt: 'a'.repeat(43), extra: 1 } }))).toBe('token.claims');
  });

  it('prototype pollution', async () => {
    for (const text of [
      payload().replace(/^{/, '{"__proto__":{"tier":"human"},'),
      payload().replace('"cap":{', '"cap":{"__proto__":{"tier":"human"},'),
      payload().replace('"budget":{', '"budget":{"__proto__":{"tokens":9},'),
    ]) {
      expect(await withPayload(text)).toBe('token.claims');
    }
    expect(await withPayload(payload({ constructor: { prototype: { polluted: 1 } } }))).toBe('token.claims');
    expect(({} as { tier?: string }).tier).toBeUndefined();
  });

  it('NUL and other control characters, lone surrogates, backslashes', async () => {
    for (const path of ['src/\u0000', 'src/\n', 'src/\ud800', 'src/\udc00x', 'src\\a']) {
      expect(await withCap({ w: [path] })).toBe('token.malformed');
    }
    expect(await withPayload(payload({ sub: 'agent:a\u007f' }))).toBe('token.claims');
    expect(await withPayload(payload({ sub: 'agent:a\n' }))).toBe('token.malformed');
  });

  it('bytes that are no UTF-8, overlong forms, a byte order mark', async () => {
    for (const bad of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      const text = payload();
      const at = text.indexOf('src/**') + 3;
      const bytes = Buffer.concat([
        Buffer.from(text.slice(0, at)),
        Buffer.from(bad),
        Buffer.from(text.slice(at)),
      ]);
      expect(await withPayload(bytes)).toBe('token.malformed');
    }
    expect(await withPayload(`\ufeff${payload()}`)).toBe('token.malformed');
  });

  it('nesting as deep as 4 kB allows', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const depth = Math.floor(2_700 / (open.length + close.length));
      const deep = `${open.repeat(depth)}1${close.repeat(depth)}`;
      expect(await withPayload(deep)).toBe('token.claims');
      expect(await withPayload(open.repeat(Math.floor(2_700 / open.length)))).toBe('token.malformed');
    }
    let act: object = { sub: 'human:ada' };
    for (let i = 0; i < 5; i++) act = { sub: 'human:ada', act };
    expect(await withPayload(payload({ act }))).toBe('token.claims');
  });

  it.each([
    '',
    '{',
    'x',
    'undefined',
    "{'a':1}",
    '{"a":1,}',
    '1e999',
    '-0',
    '01',
    '{"a":1}{"b":2}',
    '{"iat":1.0}',
  ])('%j: no JSON, or no canonical JSON', async (text) => {
    expect(await withPayload(text)).toBe('token.malformed');
  });

  it.each(['[]', 'null', 'true', '7', '"text"', '{}', `[${'{}'}]`])(
    '%s: JSON that is no set of claims',
    async (text) => {
      expect(await withPayload(text)).toBe('token.claims');
    },
  );

  it('other spellings of the same value', async () => {
    for (const text of [
      ` ${payload()}`,
      `${payload()}\n`,
      payload().replace('"iat":1000', '"iat":1e3'),
      payload().replace('"iat":1000', '"iat":1000.0'),
      payload().replace('agent', '\\u0061gent'),
      payload().replace('src/', 'src\\/'),
    ]) {
      expect(await withPayload(text)).toBe('token.malformed');
    }
  });

  it('an oversize token', async () => {
    const refs = Array.from({ length: 64 }, (_, i) => `task/${'x'.repeat(40)}${i}/`);
    expect(await withCap({ refs })).toBe('token.malformed');
    expect(await verify('a'.repeat(50_000_000))).toBe('token.malformed');
    expect(await verify(`${'a'.repeat(4_000)}.b.${'c'.repeat(86)}`)).toBe('token.malformed');
  });

  it('another issuer, another audience, an audience of another project, an array of audiences', async () => {
    expect(await withPayload(payload({ iss: 'http://evil.example' }))).toBe('token.audience');
    expect(await withPayload(payload({ iss: `${issuer}/` }))).toBe('token.audience');
    expect(await withPayload(payload({ aud: `${issuer}/projects/bank` }))).toBe('token.audience');
    expect(await withPayload(payload({ aud: `${issuer}/projects/*` }))).toBe('token.audience');
    expect(await withPayload(payload({ aud: [`${issuer}/projects/shop`] }))).toBe('token.claims');
  });

  it('expired, to the second', async () => {
    expect(await withPayload(payload({ iat: 200, nbf: 200, exp: 1_000 }))).toBe('token.expired');
    expect(await withPayload(payload({ iat: 200, nbf: 200, exp: 1_001 }))).toBe('accepted');
  });

  it('from the future, beyond five seconds', async () => {
    expect(await withPayload(payload({ iat: 1_005, nbf: 1_005 }))).toBe('accepted');
    expect(await withPayload(payload({ iat: 1_006 }))).toBe('token.early');
    expect(await withPayload(payload({ nbf: 1_006 }))).toBe('token.early');
  });

  it('a life longer than the tier allows, a negative one, times that are no whole numbers', async () => {
    expect(await withPayload(payload({ exp: 1_901 }))).toBe('token.claims');
    expect(await withPayload(payload({ iat: 900, exp: 899 }))).toBe('token.claims');
    for (const exp of [1_500.5, '1500', null, -1, 2 ** 53])
      expect(await withPayload(payload({ exp }))).toBe('token.claims');
    const { exp: _exp, ...endless } = claimsToWire(draftOf());
    expect(await withPayload(JSON.stringify(endless))).toBe('token.claims');
  });

  it('an agent that claims to be human, and one that is no principal', async () => {
    const cap = capabilityToWire(fullCapability('human'));
    const aud = `${issuer}/projects/*`;
    expect(await withPayload(payload({ cap, aud, sub: 'agent:builder' }))).toBe('token.claims');
    expect(await withPayload(payload({ cap, aud, sub: 'human:ada' }))).toBe('accepted');
    for (const sub of ['', 'root', 'human:', 'agent:../x', 'Human:ada', 'agent:a b'])
      expect(await withPayload(payload({ sub }))).toBe('token.claims');
  });

  it('a lineage of five', async () => {
    const lin = Array.from({ length: 5 }, (_, i) => `gnt_${String(i).repeat(26)}`);
    expect(await withPayload(payload({ lin }))).toBe('token.claims');
    expect(await withPayload(payload({ lin: lin.slice(1) }))).toBe('accepted');
  });

  it('a revoked parent, grandparent, grant, agent, key, epoch', async () => {
    for (const make of [
      (grantId: string) => ({ kind: 'grant', grantId }) as const,
      () => ({ kind: 'agent', sub: 'agent:builder-1', project: 'shop' }) as const,
      () => ({ kind: 'key', kid: bench.keys.active().kid }) as const,
      () => ({ kind: 'epoch', project: 'shop', epoch: 2 }) as const,
    ]) {
      await using other = await openBench();
      const row = make(draftOf().lineage[1] ?? '');
      const fresh = await other.authority.sign(draftOf());
      expect(await codeOf(other.authority.verify(fresh))).toBe('accepted');
      other.authority.revocations.apply(
        row.kind === 'key' ? { kind: 'key', kid: other.keys.active().kid } : row,
      );
      expect(await codeOf(other.authority.verify(fresh))).toBe('token.revoked');
    }
  });
});

describe('what an attacker learns', () => {
  it('no error holds any part of the token', async () => {
    const texts = [
      `${token}=`,
      `${parts[0]}.${parts[1]}.${'A'.repeat(86)}`,
      bench.forge(bench.header(), '{}'),
      token.slice(1),
    ];
    for (const text of texts) {
      const error: unknown = await bench.authority.verify(text).catch((caught: unknown) => caught);
      const shown = `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack} ${String((error as Error).cause)}`;
      for (const part of text.split('.')) if (part.length > 8) expect(shown).not.toContain(part);
    }
  });
});
