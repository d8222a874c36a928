import fc from 'fast-check';
import { compactVerify, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKeyRing } from '../../../src/gateway/auth/keys.ts';
import { createTokenAuthority, tokenOf } from '../../../src/gateway/auth/verify-token.ts';
import type { Capability } from '../../../src/tiers/capability.ts';
import { type Bench, codeOf, draftOf, openBench } from '../../support/authority.ts';
import { fullCapability, grantOf, ids, issuer } from '../../support/capabilities.ts';
import { runs } from '../../support/seed.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

describe('tokens', () => {
  it('say after verification what was signed, and the key that signed', async () => {
    const token = await bench.authority.sign(draftOf());
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]{86}$/);
    expect(await bench.authority.verify(token)).toEqual(
      grantOf(draftOf().cap, { kid: bench.keys.active().kid }),
    );
  });

  it('leave room for more actions: that of the owner is half of what a token may be long', async () => {
    const ofOwner = fullCapability('human', { project: '*' });
    const more = Array.from({ length: 26 }, (_, n) => `later:action-${String.fromCharCode(97 + n)}`);
    const held = { ...ofOwner, actions: [...ofOwner.actions, ...more] as Capability['actions'] };
    const owner = { sub: 'human:owner', aud: `${issuer}/projects/*`, lineage: [] };
    expect((await bench.authority.sign(draftOf(ofOwner, owner))).length).toBeLessThan(1_500);
    expect((await bench.authority.sign(draftOf(held, owner))).length).toBeLessThan(3_000);
  });

  it('carry every optional member', async () => {
    const cap = fullCapability('implementer', { task: 't1', epoch: 3, write: ['src/"quoted"/größe/*'] });
    const draft = draftOf(cap, {
      act: { sub: 'agent:lead', act: { sub: 'human:ada' } },
      cnf: { jkt: 'j'.repeat(43) },
    });
    expect(await bench.authority.verify(await bench.authority.sign(draft))).toMatchObject(draft);
  });

  it('return the same grant from memory the second time', async () => {
    const token = await bench.authority.sign(draftOf());
    expect(await bench.authority.verify(token)).toBe(await bench.authority.verify(token));
  });

  it('are asked again at every use whether they still hold', async () => {
    await using own = await openBench();
    const token = await own.authority.sign(draftOf());
    const verify = () => codeOf(own.authority.verify(token));
    expect(await verify()).toBe('accepted');
    own.clock.seconds = 1_900;
    expect(await verify()).toBe('token.expired');
    own.clock.seconds = 1_899;
    expect(await verify()).toBe('accepted');
    own.authority.revocations.apply({ kind: 'token', jti: ids.jti });
    expect(await verify()).toBe('token.revoked');
  });

  it('end with the honour of their key, even when remembered', async () => {
    await using own = await openBench();
    const gone = { current: false };
    const keys = {
      ...own.keys,
      verifier: (kid: string) => (gone.current ? undefined : own.keys.verifier(kid)),
    };
    const authority = createTokenAuthority({ issuer, keys, now: () => 1_000_000 });
    const token = await authority.sign(draftOf());
    expect(await codeOf(authority.verify(token))).toBe('accepted');
    gone.current = true;
    expect(await codeOf(authority.verify(token))).toBe('token.key');
  });

  it('are text, and nothing else is', async () => {
    for (const value of [undefined, null, 7, {}, ['a.b.c']]) {
      expect(await codeOf(bench.authority.verify(value as never))).toBe('token.malformed');
    }
  });

  it('are not signed when verify would refuse them', async () => {
    const cap = fullCapability('implementer', {
      refs: Array.from({ length: 60 }, (_, i) => `task/${'x'.repeat(50)}${i}/`),
    });
    expect(await codeOf(bench.authority.sign(draftOf(cap)))).toBe('grant.size');
    expect(await codeOf(bench.authority.sign({ ...draftOf(), sub: 'nobody' }))).toBe('token.claims');
    expect(await codeOf(bench.authority.sign({ ...draftOf(), aud: 'elsewhere' }))).toBe('token.audience');
    expect(await codeOf(bench.authority.sign({ ...draftOf(), exp: 1_000 }))).toBe('token.expired');
  });

  it('of another gateway of the same issuer are taken once its public keys are trusted', async () => {
    await using other = await openBench();
    const token = await other.authority.sign(draftOf());
    expect(await codeOf(bench.authority.verify(token))).toBe('token.key');
    await bench.keys.trust(other.keys.jwks().keys);
    expect(await codeOf(bench.authority.verify(token))).toBe('accepted');
  });

  it('outlive a rotation, and end with the honour of the retired key', async () => {
    await using own = await openBench();
    const human = draftOf(fullCapability('human'), { exp: 1_000 + 12 * 3600, sub: 'human:ada' });
    const token = await own.authority.sign(human);
    await own.keys.rotate();
    expect(await codeOf(own.authority.verify(token))).toBe('accepted');
    const again = await openKeyRing({ folder: own.folder, now: () => own.clock.seconds * 1000 });
    const restarted = createTokenAuthority({ issuer, keys: again, now: () => own.clock.seconds * 1000 });
    expect(await codeOf(restarted.verify(token))).toBe('accepted');
  });
});

describe('jose, beside our own check of the signature', () => {
  it('takes and refuses the same tokens, whatever bit is flipped', async () => {
    const token = await bench.authority.sign(draftOf());
    const key = await importJWK(bench.keys.jwks().keys[0] ?? {}, 'EdDSA');
    const [head = '', body = '', signature = ''] = token.split('.');
    const flip = (part: string, at: number): string => {
      const bytes = Buffer.from(part, 'base64url');
      const index = at % (bytes.length * 8);
      bytes[index >> 3] = (bytes[index >> 3] ?? 0) ^ (1 << (index & 7));
      return bytes.toString('base64url');
    };
    const jose = (text: string) =>
      compactVerify(text, key, { algorithms: ['EdDSA'] }).then(
        () => true,
        () => false,
      );
    expect(await jose(token)).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), async (at, inBody) => {
        const text = inBody
          ? `${head}.${flip(body, at)}.${signature}`
          : `${head}.${body}.${flip(signature, at)}`;
        expect(await jose(text)).toBe(false);
        expect(['token.signature', 'token.malformed']).toContain(await codeOf(bench.authority.verify(text)));
      }),
      runs(300),
    );
  });
});

describe('the Authorization header', () => {
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER  abc', 'abc'],
    [basic('git:abc'), 'abc'],
    [basic(':abc').replace('Basic', 'bAsIc'), 'abc'],
    [basic('git:a:b'), 'a:b'],
  ])('%s holds the token', (header, token) => {
    expect(tokenOf(header)).toBe(token);
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Digest abc', 'abc', basic('git'), basic('git:'), 'Basic'])(
    '%j holds none',
    (header) => {
      expect(() => tokenOf(header)).toThrow('token.missing');
    },
  );

  it('authenticates a bearer token and a basic password', async () => {
    const token = await bench.authority.sign(draftOf());
    for (const header of [`Bearer ${token}`, basic(`x:${token}`)]) {
      expect((await bench.authority.authenticate(header)).sub).toBe('agent:builder-1');
    }
    expect(await codeOf(bench.authority.authenticate(undefined))).toBe('token.missing');
    expect(await codeOf(bench.authority.authenticate(`Basic ${'A'.repeat(10_000)}`))).toBe('token.malformed');
    expect(await codeOf(bench.authority.authenticate(`Bearer ${token} `))).toBe('token.malformed');
  });
});
